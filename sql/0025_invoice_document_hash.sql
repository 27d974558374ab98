-- The hash of the snapshot, as there is one of the XML: not all of its members are in the XML.

ALTER TABLE invoices
    ADD COLUMN document_sha256 BINARY(32) NULL
        COMMENT 'of an issued one; stays as the trace once the document is gone' AFTER xml_sha256;

UPDATE invoices SET document_sha256 = UNHEX(SHA2(document, 256))
WHERE number IS NOT NULL AND document <> '{}';
