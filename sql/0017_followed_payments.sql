-- Which payment a payment followed, beside it: read with each payment, and never changed.

ALTER TABLE payments
    ADD COLUMN follows_public_id VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL
        COMMENT 'the payment before it that was closed unpaid' AFTER order_id;

UPDATE payments
SET follows_public_id = (
    SELECT earlier.public_id FROM payments earlier
    WHERE earlier.order_id = payments.order_id AND earlier.id < payments.id
        AND NOT earlier.is_void
    ORDER BY earlier.id DESC LIMIT 1);
