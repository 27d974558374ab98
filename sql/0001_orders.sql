-- Checkout sessions, orders and what belongs to them.
-- Times are UTC, DATETIME(6); money is in minor units beside its ISO 4217 currency.
-- `version` is for compare-and-set: every change of an order bumps it once.

CREATE TABLE checkout_sessions (
    id            VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    token_hash    BINARY(32) NULL COMMENT 'SHA-256 of the guest''s cs_ token',
    user_id       VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
    document      MEDIUMTEXT NOT NULL COMMENT 'priced snapshot: lines, contact, addresses, shipping, totals',
    version       BIGINT NOT NULL DEFAULT 1,
    created_at    DATETIME(6) NOT NULL,
    updated_at    DATETIME(6) NOT NULL,
    expires_at    DATETIME(6) NOT NULL COMMENT 'sliding',
    closes_at     DATETIME(6) NOT NULL COMMENT 'in all',
    PRIMARY KEY (id),
    UNIQUE KEY checkout_sessions_token_hash_key (token_hash),
    KEY checkout_sessions_closes_at_idx (closes_at),
    CONSTRAINT checkout_sessions_owner_check CHECK ((user_id IS NULL) <> (token_hash IS NULL)),
    CONSTRAINT checkout_sessions_document_check CHECK (JSON_VALID(document)),
    CONSTRAINT checkout_sessions_times_check CHECK (created_at <= expires_at AND expires_at <= closes_at)
);

CREATE TABLE customers (
    user_id       VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    orders_count  BIGINT NOT NULL DEFAULT 0 COMMENT 'the last user_seq given',
    PRIMARY KEY (user_id),
    CONSTRAINT customers_orders_count_check CHECK (orders_count >= 0)
);

CREATE TABLE orders (
    id                    BIGINT NOT NULL AUTO_INCREMENT,
    number                CHAR(14) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    checkout_session_id   VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    user_id               VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
    user_seq              BIGINT NULL COMMENT 'dense ordinal among the customer''s visible orders, from 1',
    email                 VARCHAR(254) NOT NULL,
    contact_name          VARCHAR(200) NOT NULL,
    phone                 VARCHAR(32) NOT NULL,
    billing               TEXT NOT NULL,
    shipping              TEXT NOT NULL,
    shipping_method       VARCHAR(32) NOT NULL,
    payment_method        VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    status                VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    payment_status        VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    closing               VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'the intent of a closing path',
    currency              CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    items_minor           BIGINT NOT NULL,
    shipping_minor        BIGINT NOT NULL,
    total_minor           BIGINT NOT NULL,
    item_count            INT NOT NULL,
    from_cache            BOOLEAN NOT NULL DEFAULT FALSE,
    requires_verification BOOLEAN NOT NULL DEFAULT FALSE,
    version               BIGINT NOT NULL DEFAULT 1,
    created_at            DATETIME(6) NOT NULL,
    updated_at            DATETIME(6) NOT NULL,
    visible_at            DATETIME(6) NULL COMMENT 'when the stock was reserved; before that nobody is shown the order',
    expires_at            DATETIME(6) NULL COMMENT 'the payment deadline',
    PRIMARY KEY (id),
    UNIQUE KEY orders_number_key (number),
    UNIQUE KEY orders_checkout_session_id_key (checkout_session_id),
    UNIQUE KEY orders_user_id_user_seq_key (user_id, user_seq),
    KEY orders_expires_at_idx (expires_at),
    KEY orders_visible_at_idx (visible_at, created_at),
    CONSTRAINT orders_user_id_fkey FOREIGN KEY (user_id) REFERENCES customers (user_id),
    CONSTRAINT orders_status_check CHECK (status IN
        ('awaiting_payment', 'confirmed', 'payment_review', 'stock_review', 'in_fulfilment',
         'shipped', 'delivered', 'returned', 'cancelled', 'expired', 'rejected')),
    CONSTRAINT orders_payment_status_check CHECK (payment_status IN
        ('none_required', 'due_on_delivery', 'requires_payment_method', 'requires_action',
         'processing', 'requires_retry', 'unknown', 'authorized', 'paid', 'overpaid',
         'partially_refunded', 'refunded', 'failed', 'cancelled', 'disputed')),
    CONSTRAINT orders_payment_method_check CHECK (payment_method IN ('card', 'cash_on_delivery')),
    CONSTRAINT orders_closing_check CHECK (closing IN ('cancel', 'expire', 'reject')),
    CONSTRAINT orders_user_seq_check CHECK ((user_id IS NULL OR user_seq IS NULL OR user_seq > 0)
        AND (user_id IS NOT NULL OR user_seq IS NULL)),
    CONSTRAINT orders_totals_check CHECK (items_minor >= 0 AND shipping_minor >= 0
        AND total_minor = items_minor + shipping_minor AND item_count > 0),
    CONSTRAINT orders_json_check CHECK (JSON_VALID(billing) AND JSON_VALID(shipping)),
    CONSTRAINT orders_version_check CHECK (version > 0)
);

CREATE TABLE order_lines (
    order_id          BIGINT NOT NULL,
    position          INT NOT NULL COMMENT 'from 1',
    sku               VARCHAR(64) NOT NULL,
    name              VARCHAR(300) NOT NULL,
    quantity          INT NOT NULL,
    unit_price_minor  BIGINT NOT NULL COMMENT 'with VAT',
    vat_percent       TINYINT NOT NULL,
    total_minor       BIGINT NOT NULL COMMENT 'with VAT',
    vat_minor         BIGINT NOT NULL,
    currency          CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    PRIMARY KEY (order_id, position),
    CONSTRAINT order_lines_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders (id),
    CONSTRAINT order_lines_quantity_check CHECK (quantity BETWEEN 1 AND 999),
    CONSTRAINT order_lines_total_check CHECK (unit_price_minor >= 0
        AND total_minor = unit_price_minor * quantity),
    CONSTRAINT order_lines_vat_check CHECK (vat_percent BETWEEN 0 AND 100
        AND vat_minor BETWEEN 0 AND total_minor)
);

CREATE TABLE payments (
    id                    BIGINT NOT NULL AUTO_INCREMENT,
    public_id             VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    order_id              BIGINT NOT NULL,
    provider_intent_id    VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
    provider_key          VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'idempotency key of its creation, written before the call',
    capture_method        VARCHAR(9) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    status                VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    is_void               BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'given up before its intent was known; cancelled when met',
    amount_minor          BIGINT NOT NULL,
    captured_minor        BIGINT NOT NULL DEFAULT 0,
    refund_reserved_minor BIGINT NOT NULL DEFAULT 0,
    refunded_minor        BIGINT NOT NULL DEFAULT 0,
    currency              CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    review_reason         VARCHAR(64) NULL COMMENT 'a difference that was flagged, never swallowed',
    attempts              INT NOT NULL DEFAULT 0 COMMENT 'tries to create the intent',
    version               BIGINT NOT NULL DEFAULT 1,
    created_at            DATETIME(6) NOT NULL,
    updated_at            DATETIME(6) NOT NULL,
    completed_at          DATETIME(6) NULL,
    expires_at            DATETIME(6) NULL,
    live_order_id         BIGINT AS (IF(is_void = FALSE AND status NOT IN ('failed', 'cancelled'),
        order_id, NULL)) PERSISTENT,
    PRIMARY KEY (id),
    UNIQUE KEY payments_public_id_key (public_id),
    UNIQUE KEY payments_provider_intent_id_key (provider_intent_id),
    UNIQUE KEY payments_provider_key_key (provider_key),
    UNIQUE KEY payments_live_order_id_key (live_order_id),
    KEY payments_order_id_idx (order_id),
    CONSTRAINT payments_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders (id),
    CONSTRAINT payments_status_check CHECK (status IN
        ('due_on_delivery', 'requires_payment_method', 'requires_action', 'processing',
         'requires_retry', 'unknown', 'authorized', 'paid', 'overpaid', 'partially_refunded',
         'refunded', 'failed', 'cancelled', 'disputed')),
    CONSTRAINT payments_capture_method_check CHECK (capture_method IN ('automatic', 'manual', 'none')),
    CONSTRAINT payments_amounts_check CHECK (amount_minor > 0 AND captured_minor >= 0
        AND refunded_minor BETWEEN 0 AND refund_reserved_minor
        AND refund_reserved_minor <= captured_minor)
);

CREATE TABLE payment_attempts (
    id            BIGINT NOT NULL AUTO_INCREMENT,
    payment_id    BIGINT NOT NULL,
    charge_id     VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    status        VARCHAR(9) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    amount_minor  BIGINT NOT NULL,
    currency      CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    decline_code  VARCHAR(64) NULL,
    outcome       TEXT NULL COMMENT 'the provider''s risk assessment, as it came',
    attempted_at  DATETIME(6) NOT NULL,
    PRIMARY KEY (id),
    UNIQUE KEY payment_attempts_charge_id_key (charge_id),
    KEY payment_attempts_payment_id_idx (payment_id),
    CONSTRAINT payment_attempts_payment_id_fkey FOREIGN KEY (payment_id) REFERENCES payments (id),
    CONSTRAINT payment_attempts_status_check CHECK (status IN ('succeeded', 'failed', 'pending')),
    CONSTRAINT payment_attempts_outcome_check CHECK (outcome IS NULL OR JSON_VALID(outcome))
);

CREATE TABLE reservations (
    id                    BIGINT NOT NULL AUTO_INCREMENT,
    order_id              BIGINT NOT NULL,
    reservation_key       VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'ours, given to product-service',
    status                VARCHAR(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    requires_verification BOOLEAN NOT NULL DEFAULT FALSE,
    expires_at            DATETIME(6) NULL,
    version               BIGINT NOT NULL DEFAULT 1,
    created_at            DATETIME(6) NOT NULL,
    updated_at            DATETIME(6) NOT NULL,
    live_order_id         BIGINT AS (IF(status IN ('held', 'optimistic', 'committed'), order_id, NULL)) PERSISTENT,
    PRIMARY KEY (id),
    UNIQUE KEY reservations_reservation_key_key (reservation_key),
    UNIQUE KEY reservations_live_order_id_key (live_order_id),
    KEY reservations_order_id_idx (order_id),
    KEY reservations_status_idx (status, updated_at),
    CONSTRAINT reservations_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders (id),
    CONSTRAINT reservations_status_check CHECK (status IN
        ('held', 'optimistic', 'committed', 'released', 'lost'))
);

CREATE TABLE shipments (
    id               BIGINT NOT NULL AUTO_INCREMENT,
    order_id         BIGINT NOT NULL,
    carrier          VARCHAR(64) NULL,
    tracking_number  VARCHAR(64) NULL,
    status           VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    created_at       DATETIME(6) NOT NULL,
    updated_at       DATETIME(6) NOT NULL,
    PRIMARY KEY (id),
    UNIQUE KEY shipments_order_id_key (order_id),
    CONSTRAINT shipments_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders (id),
    CONSTRAINT shipments_status_check CHECK (status IN
        ('preparing', 'shipped', 'delivered', 'returned'))
);

CREATE TABLE shipment_events (
    id           BIGINT NOT NULL AUTO_INCREMENT,
    shipment_id  BIGINT NOT NULL,
    event        VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    occurred_at  DATETIME(6) NOT NULL,
    PRIMARY KEY (id),
    KEY shipment_events_shipment_id_idx (shipment_id),
    CONSTRAINT shipment_events_shipment_id_fkey FOREIGN KEY (shipment_id) REFERENCES shipments (id),
    CONSTRAINT shipment_events_event_check CHECK (event IN ('start', 'ship', 'deliver', 'return'))
);

CREATE TABLE order_events (
    id             BIGINT NOT NULL AUTO_INCREMENT,
    order_id       BIGINT NOT NULL,
    order_version  BIGINT NOT NULL,
    kind           VARCHAR(48) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    actor          VARCHAR(96) NOT NULL COMMENT 'who: customer, guest, staff:<id>, stripe, worker',
    cause          VARCHAR(255) NULL,
    is_public      BOOLEAN NOT NULL COMMENT 'shown to the owner and to guests, without actor and cause',
    occurred_at    DATETIME(6) NOT NULL,
    PRIMARY KEY (id),
    KEY order_events_order_id_idx (order_id, id),
    CONSTRAINT order_events_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders (id)
);
