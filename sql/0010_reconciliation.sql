-- Comparing our books with Stripe's and product-service's: when it was last done and what it found;
-- and the indexes by which what has changed lately is walked.

CREATE TABLE reconciliation (
    name          VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    read_to       DATETIME(6) NOT NULL COMMENT 'both sides were compared up to this time',
    succeeded_at  DATETIME(6) NULL COMMENT 'when both sides were last read to the end',
    findings      TEXT NOT NULL DEFAULT '{}' COMMENT 'of the last whole run: numbers by kind',
    fence         BIGINT NOT NULL DEFAULT 1 COMMENT 'raised by every lease; checked by every UPDATE',
    next_run_at   DATETIME(6) NOT NULL,
    leased_until  DATETIME(6) NULL,
    leased_by     VARCHAR(96) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'kind@host:pid',
    last_error    VARCHAR(255) NULL,
    PRIMARY KEY (name),
    CONSTRAINT reconciliation_findings_check CHECK (JSON_VALID(findings))
);

ALTER TABLE payments ADD KEY payments_updated_at_idx (updated_at, id);

ALTER TABLE refunds ADD KEY refunds_updated_at_idx (updated_at, id);

ALTER TABLE reservations ADD KEY reservations_updated_at_idx (updated_at, id);
