-- One call stores a whole batch, or nothing, and answers what was in the way.
--
-- The lock and the reads after it are statements of their own in a VOLATILE function: each takes a new
-- snapshot, so the versions read are those after the wait. As one SELECT, a CTE, or a STABLE or SQL
-- function it would compare with what was committed before the wait, and two batches would both pass.
create function append_batch(
    p_streams text[], p_expected integer[], p_versions integer[], p_schemas integer[], p_states text[],
    p_event_streams text[], p_event_versions integer[], p_types text[], p_event_schemas integer[],
    p_data text[], p_metadata text[], p_occurred_at timestamptz[], p_topics text[], p_digests bytea[],
    p_key_subjects text[], p_key_routes text[], p_keys text[], p_key_fingerprints bytea[],
    p_key_firsts integer[], p_key_lasts integer[],
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
    events_count constant integer := cardinality(p_event_streams);
begin
    perform pg_advisory_xact_lock({lock});

    select json_agg(json_build_object('stream', e.stream, 'version', coalesce(s.version, 0), 'schema', coalesce(s.state_schema, 0), 'state', s.state::text))
      into missed_streams
      from unnest(p_streams, p_expected) e(stream, version) left join streams s on s.stream = e.stream
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
                  from unnest(p_topics) with ordinality u(topic, ordinal)) q
          left join topics t on t.topic = q.topic;
        stamp := int8send((extract(epoch from now_) * 1000000)::bigint);
        link := head.hash;
        for i in 1 .. events_count loop
            link := sha256(link || int8send(head.position + i) || stamp || int8send(coalesce(sequences[i], 0)) || p_digests[i]);
            hashes[i] := link;
        end loop;
        insert into events
        select head.position + ordinal, stream, version, type, schema, data::json, metadata::json, occurred_at, now_, topic, sequence, hash
          from unnest(p_event_streams, p_event_versions, p_types, p_event_schemas, p_data, p_metadata, p_occurred_at, p_topics, sequences, hashes)
               with ordinality e(stream, version, type, schema, data, metadata, occurred_at, topic, sequence, hash, ordinal);
        insert into topics as t
        select topic, count(*) from unnest(p_topics) u(topic) where topic is not null group by topic
            on conflict (topic) do update set sequence = t.sequence + excluded.sequence;
        get diagnostics stored = row_count;
        if stored > 0 then
            perform pg_notify('appended', '');
        end if;
        insert into streams
        select stream, new_version, schema, state::json
          from unnest(p_streams, p_expected, p_versions, p_schemas, p_states) s(stream, version, new_version, schema, state)
         where new_version > version
            on conflict (stream) do update set version = excluded.version, state_schema = excluded.state_schema, state = excluded.state;
        update log_head set position = head.position + events_count, hash = link, recorded_at = now_;
    end if;

    insert into idempotency_keys
    select subject, route, key, fingerprint, head.position + first, head.position + last, now_
      from unnest(p_key_subjects, p_key_routes, p_keys, p_key_fingerprints, p_key_firsts, p_key_lasts) k(subject, route, key, fingerprint, first, last)
        on conflict do nothing;
    get diagnostics stored = row_count;
    if stored < cardinality(p_keys) then
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
