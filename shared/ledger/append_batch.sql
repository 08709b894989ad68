-- One call stores a whole batch, or nothing, and answers what was in the way.
--
-- The lock and the reads after it are statements of their own in a VOLATILE function: each takes a new
-- snapshot, so the versions read are those after the wait. As one SELECT, a CTE, or a STABLE or SQL
-- function it would compare with what was committed before the wait, and two batches would both pass.
--
-- A column arrives as one text, its values joined by the unit separator (numbers by commas) and null as the
-- record separator, both of which JSON escapes and names may not contain; digests as one run of 32 bytes each.
-- Splitting costs little here; as arrays, each element would be inspected in Python, a fifth of a command's time.
create function append_batch(
    p_streams text, p_expected text, p_versions text, p_schemas text, p_states text,
    p_event_streams text, p_event_versions text, p_types text, p_event_schemas text,
    p_data text, p_metadata text, p_occurred_at text, p_topics text, p_digests bytea,
    p_key_subjects text, p_key_routes text, p_keys text, p_key_fingerprints bytea, p_key_firsts text, p_key_lasts text,
    p_read_topics text[], p_read_expected bigint[], p_read_offsets bigint[], p_read_sequences bigint[], p_read_epochs integer[],
    p_row_tables text[], p_row_sets text[], p_row_drops text[]
) returns text language plpgsql volatile set search_path from current as $$
#variable_conflict use_column
declare
    missed_streams json;
    missed_reads json;
    head log_head%rowtype;
    now_ timestamptz;
    stamp bytea;
    link bytea;
    sequences bigint[];
    hashes bytea[] := '{}';
    stored integer;
    unit constant text := chr(31);
    nothing constant text := chr(30);
    streams constant text[] := string_to_array(p_streams, unit);
    expected constant integer[] := string_to_array(p_expected, ',');
    topics_ constant text[] := string_to_array(p_topics, unit, nothing);
    keys constant text[] := string_to_array(p_keys, unit);
    events_count constant integer := cardinality(topics_);
begin
    perform pg_advisory_xact_lock({lock});

    select json_agg(json_build_object('stream', e.stream, 'version', coalesce(s.version, 0), 'schema', coalesce(s.state_schema, 0), 'state', s.state::text))
      into missed_streams
      from unnest(streams, expected) e(stream, version) left join streams s on s.stream = e.stream
     where coalesce(s.version, 0) <> e.version;
    if cardinality(p_read_topics) > 0 then
        select json_agg(json_build_object('topic', e.topic, 'sequence', coalesce(r.sequence, 0)))
          into missed_reads
          from unnest(p_read_topics, p_read_expected) e(topic, sequence) left join read_positions r on r.topic = e.topic
         where coalesce(r.sequence, 0) <> e.sequence;
    end if;
    if missed_streams is not null or missed_reads is not null then
        return json_build_object('streams', coalesce(missed_streams, '[]'), 'reads', coalesce(missed_reads, '[]'));
    end if;

    select * into head from log_head;
    now_ := greatest(clock_timestamp(), head.recorded_at);

    if events_count > 0 then
        select array_agg(case when q.topic is not null then coalesce(t.sequence, 0) + q.nth end order by q.ordinal)
          into sequences
          from (select topic, ordinal, row_number() over (partition by topic order by ordinal) as nth
                  from unnest(topics_) with ordinality u(topic, ordinal)) q
          left join topics t on t.topic = q.topic;
        stamp := int8send((extract(epoch from now_) * 1000000)::bigint);
        link := head.hash;
        for i in 1 .. events_count loop
            link := sha256(link || int8send(head.position + i) || stamp || int8send(coalesce(sequences[i], 0)) || substr(p_digests, 32 * i - 31, 32));
            hashes[i] := link;
        end loop;
        insert into events
        select head.position + ordinal, stream, version::integer, type, schema::integer, data::json, metadata::json,
               timestamptz 'epoch' + occurred_at::bigint * interval '1 microsecond', now_, topic, sequence, hash
          from unnest(string_to_array(p_event_streams, unit), string_to_array(p_event_versions, ','),
                      string_to_array(p_types, unit), string_to_array(p_event_schemas, ','), string_to_array(p_data, unit),
                      string_to_array(p_metadata, unit), string_to_array(p_occurred_at, ','), topics_, sequences, hashes)
               with ordinality e(stream, version, type, schema, data, metadata, occurred_at, topic, sequence, hash, ordinal);
        insert into topics as t
        select topic, count(*) from unnest(topics_) u(topic) where topic is not null group by topic
            on conflict (topic) do update set sequence = t.sequence + excluded.sequence;
        get diagnostics stored = row_count;
        if stored > 0 then
            perform pg_notify('appended', '');
        end if;
        insert into streams
        select stream, new_version::integer, schema::integer, state::json
          from unnest(streams, expected, string_to_array(p_versions, ','), string_to_array(p_schemas, ','),
                      string_to_array(p_states, unit, nothing)) s(stream, version, new_version, schema, state)
         where new_version::integer > version
            on conflict (stream) do update set version = excluded.version, state_schema = excluded.state_schema, state = excluded.state;
        update log_head set position = head.position + events_count, hash = link, recorded_at = now_;
    end if;

    insert into idempotency_keys
    select subject, route, key, substr(p_key_fingerprints, 32 * ordinal::integer - 31, 32),
           head.position + first::integer, head.position + last::integer, now_
      from unnest(string_to_array(p_key_subjects, unit), string_to_array(p_key_routes, unit), keys,
                  string_to_array(p_key_firsts, ','), string_to_array(p_key_lasts, ','))
           with ordinality k(subject, route, key, first, last, ordinal)
        on conflict do nothing;
    get diagnostics stored = row_count;
    if stored < cardinality(keys) then
        raise exception 'a key was used before' using errcode = 'BL001';
    end if;

    insert into read_positions
    select * from unnest(p_read_topics, p_read_epochs, p_read_offsets, p_read_sequences)
        on conflict (topic) do update set epoch = excluded.epoch, "offset" = excluded."offset", sequence = excluded.sequence;

    for i in 1 .. cardinality(p_row_tables) loop
        case p_row_tables[i]
{rows}
        else
            raise exception 'no read table is named %', p_row_tables[i];
        end case;
    end loop;

    return json_build_object('position', head.position, 'recorded_at', now_, 'streams', '[]'::json, 'reads', '[]'::json);
end $$;
