-- sms.mt.event in ClickHouse: read from Kafka in the framing of a schema registry, kept a row an event.
-- Set kafka.schema_registry_url in heliograph.yaml, so that the tracker writes that framing, and put your
-- own brokers and registry below. A column of the schema that is not named here is passed over.

CREATE TABLE events_queue
(
    event_id String,
    message_id String,
    event LowCardinality(String),
    state LowCardinality(String),
    terminal Bool,
    reason Nullable(String),
    segment Nullable(Int32),
    segments Nullable(Int32),
    connector Nullable(String),
    smsc_message_id Nullable(String),
    command_status Nullable(Int32),
    receipt_state Nullable(String),
    tenant LowCardinality(String),
    lane LowCardinality(String),
    class LowCardinality(String),
    campaign Nullable(String),
    recipient Nullable(String),
    country Nullable(String),
    sender Nullable(String),
    requested_ms DateTime64(3, 'UTC'),
    at_ms DateTime64(3, 'UTC'),
    submitted_ms Nullable(DateTime64(3, 'UTC')),
    rule Nullable(String),
    routes_version Nullable(String),
    hop Nullable(Int32),
    test Bool,
    price Nullable(String),
    cost Nullable(String),
    currency Nullable(String),
    deadline_ms Nullable(DateTime64(3, 'UTC'))
)
ENGINE = Kafka
SETTINGS
    kafka_broker_list = 'kafka:9092',
    kafka_topic_list = 'sms.mt.event',
    kafka_group_name = 'clickhouse',
    kafka_format = 'AvroConfluent',
    format_avro_schema_registry_url = 'http://registry:8081';

-- The engine reads at least once; of rows with the same key one is left, and every query here counts
-- what is there twice once.
CREATE TABLE events
(
    event_id String,
    message_id String,
    event LowCardinality(String),
    state LowCardinality(String),
    terminal Bool,
    reason Nullable(String),
    segment Nullable(Int32),
    segments Nullable(Int32),
    connector LowCardinality(String),
    smsc_message_id Nullable(String),
    command_status Nullable(Int32),
    receipt_state LowCardinality(String),
    tenant LowCardinality(String),
    lane LowCardinality(String),
    class LowCardinality(String),
    campaign Nullable(String),
    recipient Nullable(String),
    country LowCardinality(String),
    sender Nullable(String),
    requested_at DateTime64(3, 'UTC'),
    at DateTime64(3, 'UTC'),
    submitted_at Nullable(DateTime64(3, 'UTC')),
    rule Nullable(String),
    routes_version Nullable(String),
    hop Int32,
    test Bool,
    price Nullable(Decimal(38, 12)),
    currency LowCardinality(String),
    -- when it was written, or, of a doubt whose binder died before it could say so, when that was told
    tried_at Nullable(DateTime64(3, 'UTC')) ALIAS if(event = 'segment_unknown', coalesce(submitted_at, at), submitted_at)
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (message_id, event_id);

CREATE MATERIALIZED VIEW events_stored TO events AS
SELECT
    * EXCEPT (
        connector, receipt_state, country, requested_ms, at_ms, submitted_ms, hop, price, cost, currency, deadline_ms
    ),
    coalesce(connector, '') AS connector,
    coalesce(receipt_state, '') AS receipt_state,
    coalesce(country, '') AS country,
    requested_ms AS requested_at,
    at_ms AS at,
    submitted_ms AS submitted_at,
    coalesce(hop, 0) AS hop,
    toDecimal128OrNull(price, 12) AS price,
    coalesce(currency, '') AS currency
FROM events_queue;

-- Whose days a carrier bills by: the zone of its profile in heliograph.yaml. Who is not here counts by UTC.
CREATE TABLE zones
(
    connector String,
    zone String
)
ENGINE = ReplacingMergeTree
ORDER BY connector;
