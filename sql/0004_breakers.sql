-- What the circuit breakers of all processes are like, and what operators ordered them to do.
-- What expires is timed by the database's own clock, on which all hosts agree.

CREATE TABLE process_reports (
    process      VARCHAR(96) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'kind@host:pid',
    kind         VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    started_at   DATETIME(6) NOT NULL,
    reported_at  DATETIME(6) NOT NULL,
    document     MEDIUMTEXT NOT NULL COMMENT 'the readings of its breakers',
    PRIMARY KEY (process),
    KEY process_reports_reported_at_idx (reported_at),
    CONSTRAINT process_reports_kind_check CHECK (kind IN ('serve', 'worker')),
    CONSTRAINT process_reports_document_check CHECK (JSON_VALID(document))
);

CREATE TABLE breaker_orders (
    name        VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    mode        VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    reason      VARCHAR(255) NOT NULL,
    who         VARCHAR(96) NOT NULL,
    set_at      DATETIME(6) NOT NULL,
    expires_at  DATETIME(6) NULL COMMENT 'null for no end',
    revision    BIGINT NOT NULL COMMENT 'the id in breaker_order_log',
    PRIMARY KEY (name),
    CONSTRAINT breaker_orders_mode_check
        CHECK (mode IN ('auto', 'forcedOpen', 'disabled', 'metricsOnly')),
    CONSTRAINT breaker_orders_expiry_check CHECK (expires_at > set_at)
);

CREATE TABLE breaker_order_log (
    id          BIGINT NOT NULL AUTO_INCREMENT,
    name        VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    mode        VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    reason      VARCHAR(255) NOT NULL,
    who         VARCHAR(96) NOT NULL,
    set_at      DATETIME(6) NOT NULL,
    expires_at  DATETIME(6) NULL,
    PRIMARY KEY (id),
    KEY breaker_order_log_name_idx (name, id)
);
