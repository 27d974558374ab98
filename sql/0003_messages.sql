-- What comes in from Stripe, and what goes out: the webhook inbox and the outbox.

CREATE TABLE webhook_inbox (
    id               BIGINT NOT NULL AUTO_INCREMENT,
    event_id         VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    type             VARCHAR(96) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    object_id        VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
    payload          MEDIUMBLOB NOT NULL COMMENT 'the raw body, as it was signed',
    received_at      DATETIME(6) NOT NULL,
    applied_at       DATETIME(6) NULL,
    attempts         INT NOT NULL DEFAULT 0,
    next_attempt_at  DATETIME(6) NULL COMMENT 'null once applied or given up',
    last_error       VARCHAR(255) NULL,
    PRIMARY KEY (id),
    UNIQUE KEY webhook_inbox_event_id_key (event_id),
    KEY webhook_inbox_next_attempt_at_idx (next_attempt_at)
);

CREATE TABLE outbox (
    id               BIGINT NOT NULL AUTO_INCREMENT,
    order_id         BIGINT NOT NULL,
    channel          VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    topic            VARCHAR(48) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    payload          TEXT NOT NULL,
    created_at       DATETIME(6) NOT NULL,
    attempts         INT NOT NULL DEFAULT 0,
    next_attempt_at  DATETIME(6) NULL COMMENT 'null once sent or dead',
    leased_until     DATETIME(6) NULL,
    sent_at          DATETIME(6) NULL,
    dead_at          DATETIME(6) NULL,
    last_error       VARCHAR(255) NULL,
    unsent_order_id  BIGINT AS (IF(next_attempt_at IS NULL, NULL, order_id)) PERSISTENT,
    PRIMARY KEY (id),
    KEY outbox_next_attempt_at_idx (channel, next_attempt_at),
    KEY outbox_unsent_order_id_idx (channel, unsent_order_id, id),
    KEY outbox_sent_at_idx (sent_at),
    KEY outbox_dead_at_idx (dead_at),
    CONSTRAINT outbox_channel_check CHECK (channel IN ('event', 'cache', 'task')),
    CONSTRAINT outbox_payload_check CHECK (JSON_VALID(payload)),
    CONSTRAINT outbox_state_check CHECK (sent_at IS NULL OR dead_at IS NULL)
);
