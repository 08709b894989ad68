-- The ledger's tables once more, for pgbench: the same columns, indexes and fill, without the guards of a chain.
create schema peer;
create sequence peer.position cache 1;
create table peer.events (like public.events including all);
create table peer.bare (like public.events including all);
create table peer.streams (like public.streams including all) with (fillfactor = 70);
create table peer.topics (like public.topics including all) with (fillfactor = 50);
create table peer.idempotency_keys (like public.idempotency_keys including all);
create table peer.balances (like public.balances including all);
create function peer.reset() returns void language sql as $$
    truncate peer.events, peer.bare, peer.streams, peer.topics, peer.idempotency_keys, peer.balances restart identity;
    insert into peer.streams
    select 'office/' || 10000 + n || '/KTP_WNI', s.version, s.state_schema, s.state
      from (select * from seed.streams limit 1) s, generate_series(1, 500) n;
    insert into peer.balances
    select 10000 + n, item, onboard, on_hand, reserved, available, level, episode, daily_use, thresholds_version,
           low, critical, recovery, in_question, locations
      from (select * from seed.balances limit 1) b, generate_series(1, 500) n;
    insert into peer.topics select 'blanko.' || 10 + n || '.stock', 0 from generate_series(1, 38) n;
$$;
