-- Many orders that somebody of the shop cancels together, and what became of each.

CREATE TABLE bulk_cancels (
    id          BIGINT NOT NULL AUTO_INCREMENT,
    public_id   VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'not guessable',
    created_by  VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'the user id of whoever of the shop asked for it',
    reason      VARCHAR(255) NOT NULL,
    created_at  DATETIME(6) NOT NULL,
    PRIMARY KEY (id),
    UNIQUE KEY bulk_cancels_public_id_key (public_id),
    KEY bulk_cancels_created_at_idx (created_at)
);

-- Numbered in the order in which they were asked for.
CREATE TABLE bulk_cancel_items (
    id               BIGINT NOT NULL AUTO_INCREMENT,
    bulk_cancel_id   BIGINT NOT NULL,
    order_id         BIGINT NOT NULL COMMENT 'as it was asked for; no foreign key: there may be none',
    outcome          VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'pending',
    detail           VARCHAR(255) NULL COMMENT 'why, in words that are shown',
    decided_at       DATETIME(6) NULL,
    attempts         INT NOT NULL DEFAULT 0 COMMENT 'that failed',
    next_attempt_at  DATETIME(6) NULL COMMENT 'the lease''s end while a worker has it; null once it is decided',
    leased_by        VARCHAR(96) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'kind@host:pid',
    last_error       VARCHAR(255) NULL,
    PRIMARY KEY (id),
    UNIQUE KEY bulk_cancel_items_bulk_cancel_id_order_id_key (bulk_cancel_id, order_id),
    KEY bulk_cancel_items_order_id_idx (order_id),
    KEY bulk_cancel_items_next_attempt_at_idx (next_attempt_at),
    KEY bulk_cancel_items_leased_by_idx (leased_by),
    CONSTRAINT bulk_cancel_items_bulk_cancel_id_fkey FOREIGN KEY (bulk_cancel_id) REFERENCES bulk_cancels (id) ON DELETE CASCADE,
    CONSTRAINT bulk_cancel_items_outcome_check CHECK (outcome IN
        ('pending', 'cancelling', 'already_cancelled', 'refused', 'not_found', 'failed')),
    CONSTRAINT bulk_cancel_items_decided_check CHECK ((outcome = 'pending') = (decided_at IS NULL)
        AND (outcome = 'pending') = (next_attempt_at IS NOT NULL))
);
