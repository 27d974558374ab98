-- The address that an order's attempts to pay come from. Limits count by it, and what has been paid
-- is taken out again by whichever process learns of it. An IPv6 address is kept as its /64.

ALTER TABLE orders
    ADD COLUMN client_address VARCHAR(45) CHARACTER SET ascii COLLATE ascii_bin NULL
        COMMENT 'of the last attempt to pay that was counted; NULL if not known'
        AFTER phone;
