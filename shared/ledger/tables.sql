-- The tables every service's log consists of. `events` is the outbox as well: what has a topic is published.
create table events (
    position    bigint      primary key,          -- the order of commits, without gaps
    stream      text        not null,
    version     integer     not null,             -- within the stream, from 1
    type        text        not null,
    schema      integer     not null,             -- version of this fact's (and message's) shape
    data        json        not null,             -- json, not jsonb: these very bytes were hashed and are published
    metadata    json        not null,             -- who, by which request, caused by what
    occurred_at timestamptz not null,             -- when it happened, as the client said
    recorded_at timestamptz not null,             -- when we knew; never decreases
    topic       text,                             -- null: this fact is not published
    sequence    bigint,                           -- within the topic, contiguous from 1
    hash        bytea       not null,             -- over the previous event's hash and every other column
    unique (stream, version),
    unique (topic, sequence)
);

create table log_head (
    one         boolean     primary key default true check (one),
    position    bigint      not null,
    hash        bytea       not null,
    recorded_at timestamptz not null,
    epoch       integer     not null default 1     -- raised when the database was restored from a backup
);
insert into log_head values (true, 0, '', '-infinity', 1);

create table streams (
    stream       text    primary key,
    version      integer not null,
    state_schema integer not null,
    state        json    not null
) with (fillfactor = 70);

create table topics (
    topic    text   primary key,
    sequence bigint not null
) with (fillfactor = 50);

create table relay_cursors (
    topic    text   primary key,
    sequence bigint not null                       -- the last one the broker has acknowledged
) with (fillfactor = 50);

create table idempotency_keys (
    subject     text        not null,
    route       text        not null,
    key         text        not null,
    fingerprint bytea       not null,
    first       bigint      not null,              -- positions of the facts that were the answer; none when first > last
    last        bigint      not null,
    recorded_at timestamptz not null,
    primary key (subject, route, key)
);
create index idempotency_keys_age on idempotency_keys using brin (recorded_at);

create table read_positions (
    topic    text    primary key,
    epoch    integer not null,
    "offset" bigint  not null,                     -- the next Kafka offset to read
    sequence bigint  not null                      -- the last one applied
);

create table news (
    topic text        primary key,
    at    timestamptz not null                     -- everything recorded there until then has been applied here
);

-- The two keyed tables that every service has, written in the same append as everything else.
create table dead_letters (
    topic       text        not null,
    epoch       integer     not null,
    sequence    bigint      not null,              -- below 0: not a message of ours, so without a number
    office      text        not null,              -- the subject that is parked
    "offset"    bigint      not null,
    error       text        not null,
    headers     json        not null,
    data        text        not null,              -- base64: it may be anything
    parked_at   timestamptz not null,
    redrive     boolean     not null,              -- an operator has asked for another try
    primary key (topic, epoch, sequence)
);

create table deadlines (
    key    text        primary key,                -- one for each wait: a timer is never moved, the state decides whether it matters
    stream text        not null,
    office text        not null,
    due    timestamptz not null,
    kind   text        not null,
    data   text        not null
);
create index deadlines_due on deadlines (due);
