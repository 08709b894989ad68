-- The moment up to which everything recorded is visible, and each topic's last sequence then.
-- The shared lock waits for the batch under way; the read after it has a new snapshot.
create function watermark() returns table (at timestamptz, sequences json)
language plpgsql volatile set search_path from current as $$
begin
    perform pg_advisory_xact_lock_shared({lock});
    return query select clock_timestamp(), coalesce((select json_object_agg(t.topic, t.sequence) from topics t), '{}');
end $$;
