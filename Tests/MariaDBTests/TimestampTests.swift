import Testing

@testable import MariaDB

@Suite("Timestamp")
struct TimestampTests {
    @Test(
        "is written by RFC 3339",
        arguments: [
            (0, "1970-01-01T00:00:00.000000Z"),
            (-1, "1969-12-31T23:59:59.999999Z"),
            (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"),
            (1_772_323_199_123_456, "2026-02-28T23:59:59.123456Z"),
            (.min, "0001-01-01T00:00:00.000000Z"),
            (.max, "9999-12-31T23:59:59.999999Z"),
        ]
    )
    func writes(microseconds: Int64, text: String) {
        #expect(Timestamp(microseconds: microseconds).rfc3339(.microseconds) == text)
    }

    @Test("cuts the fraction and never rounds it up")
    func cutsFraction() {
        let timestamp = Timestamp(microseconds: 999_999)
        #expect(timestamp.rfc3339 == "1970-01-01T00:00:00.999Z")
        #expect(timestamp.rfc3339(.seconds) == "1970-01-01T00:00:00Z")
    }

    @Test("comes back from its civil date, for every day of 800 years")
    func convertsDays() {
        let start = Timestamp(microseconds: -11_676_096_000_000_000 + 86_399_999_999)
        for day in 0..<292_194 {
            let timestamp = start + .seconds(86_400 * day)
            guard Timestamp(CivilTime(timestamp)) == timestamp else {
                Issue.record("\(timestamp.rfc3339(.microseconds)) is converted wrongly")
                return
            }
        }
    }

    @Test(
        "refuses a day or time that does not exist",
        arguments: [
            CivilTime(year: 2026, month: 2, day: 29),
            CivilTime(year: 1900, month: 2, day: 29),
            CivilTime(year: 0, month: 0, day: 0),
            CivilTime(year: 2026, month: 4, day: 31),
            CivilTime(year: 2026, month: 4, day: 30, hour: 24),
        ]
    )
    func refuses(civil: CivilTime) {
        #expect(Timestamp(civil) == nil)
    }

    @Test(
        "is read from RFC 3339 and from a day, in UTC",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("1970-01-01t00:00:01.5Z", 1_500_000),
            ("2026-02-28T23:59:59.123456Z", 1_772_323_199_123_456),
            ("2026-02-28T23:59:59.123456789Z", 1_772_323_199_123_456),
            ("0001-01-01T00:00:00Z", -62_135_596_800_000_000),
        ]
    )
    func reads(text: String, microseconds: Int64) {
        let time = Timestamp(microseconds: microseconds)
        #expect(Timestamp(rfc3339: text) == time)
        let day = Timestamp(day: String(text.prefix(10)))
        #expect(day == Timestamp(rfc3339: "\(text.prefix(10))T00:00:00Z") && day != nil)
        #expect(Timestamp(rfc3339: time.rfc3339(.microseconds)) == time)
    }

    @Test(
        "is not read from another form, nor from a time that does not exist",
        arguments: [
            "", "2026-02-28", "2026-02-29T00:00:00Z", "2026-02-28T24:00:00Z",
            "2026-02-28T00:00:60Z", "2026-02-28T00:00:00", "2026-02-28T00:00:00+02:00",
            "2026-02-28T00:00:00.Z", "2026-02-28T00:00:00.1234567890Z", "2026-02-28 00:00:00Z",
            "2026-2-28T00:00:00.000Z", "+026-02-28T00:00:00Z", "2026-02-28T00:00:0:Z",
            "2026-02-28T00:00:00z", "ă026-02-28T00:00:0Z",
        ]
    )
    func refusesForms(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test(
        "is not read from what is no day",
        arguments: [
            "", "2026-02-29", "2026-13-01", "26-02-01", "2026/02/01", "2026-02-01 ", "0000-01-01",
        ]
    )
    func refusesDays(text: String) {
        #expect(Timestamp(day: text) == nil)
    }

    @Test("adds and subtracts durations")
    func computes() {
        let start = Timestamp(seconds: 100)
        #expect(start + .milliseconds(1_500) == Timestamp(microseconds: 101_500_000))
        #expect(start - .seconds(200) == Timestamp(seconds: -100))
        #expect(Timestamp(seconds: 90) - start == .seconds(-10))
        #expect(Timestamp(microseconds: -1).seconds == -1)
        #expect(Timestamp(seconds: .max) == Timestamp(microseconds: .max))
    }
}
