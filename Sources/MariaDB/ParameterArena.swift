internal import CMariaDB

/// The values of a statement in the memory that `MYSQL_BIND` points into.
///
/// The library keeps the pointers and reads them when the statement is executed, so the arena has
/// to outlive that call.
struct ParameterArena: ~Copyable {
    private let binds: UnsafeMutableBufferPointer<MYSQL_BIND>
    private let storage: UnsafeMutableRawPointer

    init(_ values: [SQLValue]) {
        binds = .allocate(capacity: values.count)
        binds.initialize(repeating: MYSQL_BIND())
        storage = .allocate(
            byteCount: max(1, values.reduce(0) { $0 + Self.size(of: $1) }),
            alignment: Self.alignment
        )
        var offset = 0
        for (index, value) in values.enumerated() {
            binds[index] = Self.place(value, at: storage + offset)
            offset += Self.size(of: value)
        }
    }

    deinit {
        binds.deallocate()
        storage.deallocate()
    }

    /// Binds the values and executes the statement; false if the library reports an error.
    ///
    /// The corresponding C functions are `mysql_stmt_bind_param` and `mysql_stmt_execute`. Both
    /// are called here because the arena certainly lives until its own method returns.
    borrowing func execute(_ statement: UnsafeMutablePointer<MYSQL_STMT>) -> Bool {
        guard binds.isEmpty || mysql_stmt_bind_param(statement, binds.baseAddress) == 0 else {
            return false
        }
        return mysql_stmt_execute(statement) == 0
    }

    private static let alignment = 16

    /// The bytes that a value takes, with the next one aligned.
    private static func size(of value: SQLValue) -> Int {
        let size =
            switch value {
            case .null: 0
            case .int, .uint, .double: 8
            case .string(let text): text.utf8.count
            case .bytes(let bytes): bytes.count
            case .dateTime: MemoryLayout<MYSQL_TIME>.size
            }
        return (size + alignment - 1) / alignment * alignment
    }

    private static func place(_ value: SQLValue, at place: UnsafeMutableRawPointer) -> MYSQL_BIND {
        var bind = MYSQL_BIND()
        bind.buffer = place
        switch value {
        case .null:
            bind.buffer_type = MYSQL_TYPE_NULL
        case .int(let number):
            bind.buffer_type = MYSQL_TYPE_LONGLONG
            place.storeBytes(of: number, as: Int64.self)
        case .uint(let number):
            bind.buffer_type = MYSQL_TYPE_LONGLONG
            bind.is_unsigned = 1
            place.storeBytes(of: number, as: UInt64.self)
        case .double(let number):
            bind.buffer_type = MYSQL_TYPE_DOUBLE
            place.storeBytes(of: number, as: Double.self)
        case .string(let text):
            bind.buffer_type = MYSQL_TYPE_STRING
            bind.buffer_length = copy(text.utf8, to: place)
        case .bytes(let bytes):
            bind.buffer_type = MYSQL_TYPE_LONG_BLOB
            bind.buffer_length = copy(bytes, to: place)
        case .dateTime(let timestamp):
            bind.buffer_type = MYSQL_TYPE_DATETIME
            place.initializeMemory(as: MYSQL_TIME.self, to: MYSQL_TIME(timestamp))
        }
        return bind
    }

    private static func copy(
        _ bytes: some Collection<UInt8>,
        to place: UnsafeMutableRawPointer
    ) -> UInt {
        UnsafeMutableRawBufferPointer(start: place, count: bytes.count).copyBytes(from: bytes)
        return UInt(bytes.count)
    }
}

extension MYSQL_TIME {
    init(_ timestamp: Timestamp) {
        let civil = CivilTime(timestamp)
        self.init()
        year = UInt32(civil.year)
        month = UInt32(civil.month)
        day = UInt32(civil.day)
        hour = UInt32(civil.hour)
        minute = UInt32(civil.minute)
        second = UInt32(civil.second)
        second_part = UInt(civil.microsecond)
        time_type = MYSQL_TIMESTAMP_DATETIME
    }
}

extension CivilTime {
    init(_ time: MYSQL_TIME) {
        self.init(
            year: Int64(time.year),
            month: Int64(time.month),
            day: Int64(time.day),
            hour: Int64(time.hour),
            minute: Int64(time.minute),
            second: Int64(time.second),
            microsecond: Int64(time.second_part)
        )
    }
}
