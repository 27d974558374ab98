-- Money of a second intent stays in doubt however the first one has ended.

ALTER TABLE payments
    DROP KEY payments_doubt_idx,
    DROP COLUMN doubt;

ALTER TABLE payments
    ADD COLUMN doubt VARCHAR(14) CHARACTER SET ascii COLLATE ascii_bin AS (CASE
        WHEN is_void THEN IF(status IN ('failed', 'cancelled'), NULL, 'void')
        WHEN status = 'unknown' THEN 'unknown'
        WHEN status = 'requires_retry' AND attempts > 0 THEN 'requires_retry'
        WHEN review_reason = 'second_intent' THEN 'review'
        WHEN review_reason IS NOT NULL AND status NOT IN ('failed', 'cancelled', 'refunded')
            THEN 'review'
        END) PERSISTENT COMMENT 'why a payment is in doubt; NULL for all but a few',
    ADD KEY payments_doubt_idx (doubt, id);
