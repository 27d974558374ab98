internal import CMariaDB

/// The memory into which a statement's rows are fetched, one at a time.
struct ResultArena: ~Copyable {
    /// What a column is fetched as.
    private enum Form {
        case signed
        case unsigned
        case double
        case dateTime
        case decimalInteger
        case text
        case bytes
    }

    private struct Column {
        var form: Form
        var offset: Int
        var capacity: Int
    }

    /// What the library reports of each column of the present row.
    private struct Report {
        var length: UInt = 0
        var isNull: my_bool = 0
        var isTruncated: my_bool = 0
    }

    let header: Row.Header
    private var columns: [Column] = []
    private let binds: UnsafeMutableBufferPointer<MYSQL_BIND>
    private let reports: UnsafeMutableBufferPointer<Report>
    private let storage: UnsafeMutableRawPointer

    /// Longer values are fetched a second time, into memory of their own length.
    private static let shortValue: UInt = 512

    init(_ fields: UnsafeBufferPointer<MYSQL_FIELD>) {
        header = Row.Header(names: fields.map { $0.name.map { String(cString: $0) } ?? "" })
        var size = 0
        for field in fields {
            let form = Self.form(of: field)
            let capacity =
                switch form {
                case .signed, .unsigned, .double: 8
                case .dateTime: MemoryLayout<MYSQL_TIME>.size
                case .decimalInteger, .text, .bytes: Int(min(field.length, Self.shortValue))
                }
            columns.append(Column(form: form, offset: size, capacity: capacity))
            size += (capacity + 15) / 16 * 16
        }
        binds = .allocate(capacity: columns.count)
        reports = .allocate(capacity: columns.count)
        storage = .allocate(byteCount: max(1, size), alignment: 16)
        storage.initializeMemory(as: UInt8.self, repeating: 0, count: max(1, size))
        reports.initialize(repeating: Report())
        for (index, column) in columns.enumerated() {
            binds.initializeElement(
                at: index,
                to: makeBind(column.form, at: storage + column.offset, column.capacity, index)
            )
        }
    }

    deinit {
        binds.deallocate()
        reports.deallocate()
        storage.deallocate()
    }

    /// Reads the whole result of an executed statement.
    ///
    /// The corresponding C functions are `mysql_stmt_bind_result`, `mysql_stmt_store_result` and
    /// `mysql_stmt_fetch`.
    borrowing func readRows(
        of statement: UnsafeMutablePointer<MYSQL_STMT>
    ) throws(MariaDBError) -> [Row] {
        guard mysql_stmt_bind_result(statement, binds.baseAddress) == 0,
            mysql_stmt_store_result(statement) == 0
        else { throw .failed(MariaDBError.Failure(of: statement)) }
        var rows: [Row] = []
        rows.reserveCapacity(Int(clamping: mysql_stmt_num_rows(statement)))
        while true {
            switch mysql_stmt_fetch(statement) {
            case 0, MYSQL_DATA_TRUNCATED: rows.append(try row(of: statement))
            case MYSQL_NO_DATA: return rows
            default: throw .failed(MariaDBError.Failure(of: statement))
            }
        }
    }

    private func row(of statement: UnsafeMutablePointer<MYSQL_STMT>) throws(MariaDBError) -> Row {
        var values: [SQLValue] = []
        values.reserveCapacity(columns.count)
        for index in columns.indices {
            values.append(try value(at: index, of: statement))
        }
        return Row(header: header, values: values)
    }

    private func value(
        at index: Int,
        of statement: UnsafeMutablePointer<MYSQL_STMT>
    ) throws(MariaDBError) -> SQLValue {
        guard reports[index].isNull == 0 else { return .null }
        let column = columns[index]
        let place = storage + column.offset
        switch column.form {
        case .signed:
            return .int(place.load(as: Int64.self))
        case .unsigned:
            return .uint(place.load(as: UInt64.self))
        case .double:
            return .double(place.load(as: Double.self))
        case .dateTime:
            let civil = CivilTime(place.load(as: MYSQL_TIME.self))
            guard let timestamp = Timestamp(civil) else {
                throw undecodable(index, "it is no date of the calendar")
            }
            return .dateTime(timestamp)
        case .bytes:
            return .bytes(try bytes(at: index, of: statement))
        case .text, .decimalInteger:
            let bytes = try bytes(at: index, of: statement)
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw undecodable(index, "it is not UTF-8")
            }
            if column.form == .decimalInteger, let number = Int64(text) { return .int(number) }
            return .string(text)
        }
    }

    private func bytes(
        at index: Int,
        of statement: UnsafeMutablePointer<MYSQL_STMT>
    ) throws(MariaDBError) -> [UInt8] {
        let column = columns[index]
        let length = Int(reports[index].length)
        if length <= column.capacity {
            let place = UnsafeRawBufferPointer(start: storage + column.offset, count: length)
            return Array(place)
        }
        var isFetched = false
        let bytes = [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
            var bind = MYSQL_BIND()
            bind.buffer_type = MYSQL_TYPE_LONG_BLOB
            bind.buffer = UnsafeMutableRawPointer(buffer.baseAddress)
            bind.buffer_length = UInt(length)
            isFetched = mysql_stmt_fetch_column(statement, &bind, UInt32(index), 0) == 0
            count = isFetched ? length : 0
        }
        guard isFetched else { throw .failed(MariaDBError.Failure(of: statement)) }
        return bytes
    }

    private func undecodable(_ index: Int, _ reason: String) -> MariaDBError {
        .decoding(MariaDBError.DecodingFailure(column: header.names[index], reason: reason))
    }

    private func makeBind(
        _ form: Form,
        at place: UnsafeMutableRawPointer,
        _ capacity: Int,
        _ index: Int
    ) -> MYSQL_BIND {
        var bind = MYSQL_BIND()
        bind.buffer = place
        bind.buffer_length = UInt(capacity)
        bind.is_unsigned = form == .unsigned ? 1 : 0
        bind.buffer_type =
            switch form {
            case .signed, .unsigned: MYSQL_TYPE_LONGLONG
            case .double: MYSQL_TYPE_DOUBLE
            case .dateTime: MYSQL_TYPE_DATETIME
            case .text, .decimalInteger: MYSQL_TYPE_STRING
            case .bytes: MYSQL_TYPE_LONG_BLOB
            }
        if let report = reports.baseAddress.map({ $0 + index }) {
            bind.length = report.pointer(to: \.length)
            bind.is_null = report.pointer(to: \.isNull)
            bind.error = report.pointer(to: \.isTruncated)
        }
        return bind
    }

    private static func form(of field: MYSQL_FIELD) -> Form {
        switch field.type {
        case MYSQL_TYPE_TINY, MYSQL_TYPE_SHORT, MYSQL_TYPE_INT24, MYSQL_TYPE_LONG,
            MYSQL_TYPE_LONGLONG, MYSQL_TYPE_YEAR:
            field.flags & UInt32(UNSIGNED_FLAG) == 0 ? .signed : .unsigned
        case MYSQL_TYPE_FLOAT, MYSQL_TYPE_DOUBLE:
            .double
        case MYSQL_TYPE_DATE, MYSQL_TYPE_NEWDATE, MYSQL_TYPE_DATETIME, MYSQL_TYPE_TIMESTAMP:
            .dateTime
        case MYSQL_TYPE_DECIMAL, MYSQL_TYPE_NEWDECIMAL:
            // The sum of a BIGINT column is a DECIMAL without a fraction.
            field.decimals == 0 ? .decimalInteger : .text
        case MYSQL_TYPE_TIME:
            .text
        case MYSQL_TYPE_BIT:
            .bytes
        default:
            field.charsetnr == binaryCharacterSet ? .bytes : .text
        }
    }

    private static let binaryCharacterSet: UInt32 = 63
}
