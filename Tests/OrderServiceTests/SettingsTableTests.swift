import Testing

@testable import OrderService

@Suite("Table of settings") struct SettingsTableTests {
    @Test(
        "reads durations back as it writes them",
        arguments: ["0s", "1ms", "250ms", "1s", "90s", "15min", "36h", "30d", "31d", "3650d"]
    )
    func durations(text: String) throws {
        let duration = try #require(DurationText.duration(of: text))
        #expect(DurationText.text(of: duration) == text)
    }

    @Test(
        "reads no other durations",
        arguments: ["", "5", "s", "-1s", "1 s", "1m", "1S", "1.5s", "99999999999999999999s", "+1s"]
    )
    func noDurations(text: String) {
        #expect(DurationText.duration(of: text) == nil)
    }

    @Test("names settings so that the environment provider finds them")
    func names() {
        for setting in Setting.allCases {
            #expect(setting.name.wholeMatch(of: #/[A-Z]+(_[A-Z]+)*/#) != nil)
        }
    }

    @Test("has no secret with a default")
    func secrets() {
        for setting in Setting.allCases where setting.isSecret {
            #expect(setting.specification.defaultText.isEmpty)
        }
    }
}
