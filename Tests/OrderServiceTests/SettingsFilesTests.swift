import FoundationEssentials
import Testing

@testable import OrderService

@Suite("Settings in files") struct SettingsFilesTests {
    private let files = TemporaryDirectory()

    private func load(_ text: String, _ environment: [String: String] = [:]) throws -> Settings {
        let least = """
            MARIADB_SOCKET=/run/mysqld.sock
            STRIPE_SECRET_KEY=sk_test_123
            STRIPE_WEBHOOK_SECRET=whsec_1
            USER_SERVICE_URL=http://users
            PRODUCT_SERVICE_URL=http://products
            SEALING_KEY=\(String(repeating: "0f", count: 32))
            SELLER_NAME=Magazin Exemplu SRL
            SELLER_CUI=RO90123459
            SELLER_STREET=Strada Exemplului nr. 10
            SELLER_CITY=Cluj-Napoca
            SELLER_COUNTY=RO-CJ
            SELLER_POSTAL_CODE=400001

            """
        let path = try files.write(least + text)
        return try Settings.load(environment: environment.merging(["ORDERD_CONFIG": path]) { $1 })
    }

    private func problems(_ text: String, _ environment: [String: String] = [:]) -> [String] {
        do {
            _ = try load(text, environment)
            return []
        } catch {
            return (error as? SettingsError)?.problems.map(\.description) ?? ["\(error)"]
        }
    }

    @Test("lose against the environment")
    func precedence() throws {
        let settings = try load("READ_LANES=3\nREQUEST_LANES=4\n", ["READ_LANES": "5"])
        #expect(settings.server.readLanes == 5)
        #expect(settings.server.requestLanes == 4)
    }

    @Test("may have comments, empty lines, spaces, quotes and Windows line ends")
    func form() throws {
        let settings = try load(
            "# A comment\r\n\r\n  READ_LANES = 3 \r\nMARIADB_USER=\"o'x\"\nMARIADB_DATABASE='a=b'"
        )
        #expect(settings.server.readLanes == 3)
        #expect(settings.database.user == "o'x")
        #expect(settings.database.name == "a=b")
        #expect(settings.warnings == [])
    }

    @Test("have no line that sets nothing, and no name twice")
    func faults() {
        #expect(
            problems("READ_LANES\n=4\nA B=4\nWORKERS=1\nWORKERS=2\n") == [
                "ORDERD_CONFIG: line 13 is not NAME=value",
                "ORDERD_CONFIG: line 14 is not NAME=value",
                "ORDERD_CONFIG: line 15 is not NAME=value",
                "ORDERD_CONFIG: line 17 sets WORKERS again",
            ]
        )
    }

    @Test("warn of every unknown name")
    func unknownNames() throws {
        let settings = try load("LOG_LEVL=info\nGREETING=hello\n")
        #expect(
            settings.warnings == [
                "GREETING is not a setting",
                "LOG_LEVL is not a setting; is LOG_LEVEL meant?",
            ]
        )
    }

    @Test("are a problem if they are not there")
    func missing() {
        #expect(
            throws: SettingsError(problems: [
                .init(
                    setting: "ORDERD_CONFIG",
                    text: "/nowhere/orderd.env cannot be read: No such file or directory"
                )
            ])
        ) {
            try Settings.load(environment: ["ORDERD_CONFIG": "/nowhere/orderd.env"])
        }
    }

    @Test("hold secrets, without the line end", arguments: ["s3cret", "s3cret\n", "s3cret\r\n"])
    func secretFile(content: String) throws {
        let path = try files.write(content)
        let settings = try load("", ["MARIADB_PASSWORD_FILE": path])
        #expect(settings.database.password?.exposed == "s3cret")
    }

    @Test("hold secrets named in the configuration file, unless the environment has them")
    func secretPrecedence() throws {
        let path = try files.write("from file")
        let line = "MARIADB_PASSWORD_FILE=\(path)\n"
        #expect(try load(line).database.password?.exposed == "from file")
        let settings = try load(line, ["MARIADB_PASSWORD": "from environment"])
        #expect(settings.database.password?.exposed == "from environment")
    }

    @Test("hold a secret only once, whole and readable")
    func secretFaults() throws {
        let empty = try files.write("\n")
        let long = try files.write(String(repeating: "x", count: 70_000))
        #expect(
            problems("", ["MARIADB_PASSWORD": "a", "MARIADB_PASSWORD_FILE": empty]) == [
                "MARIADB_PASSWORD: is set, and MARIADB_PASSWORD_FILE as well; one of them is enough"
            ]
        )
        #expect(
            problems("", ["MARIADB_PASSWORD_FILE": empty]) == [
                "MARIADB_PASSWORD: MARIADB_PASSWORD_FILE names an empty file, \(empty)"
            ]
        )
        #expect(
            problems("", ["MARIADB_PASSWORD_FILE": long]) == [
                "MARIADB_PASSWORD: MARIADB_PASSWORD_FILE names \(long), which cannot be read: "
                    + "more than 65536 bytes"
            ]
        )
        #expect(
            problems("", ["SEALING_KEY_FILE": "/nowhere"]) == [
                "SEALING_KEY: SEALING_KEY_FILE names /nowhere, which cannot be read: "
                    + "No such file or directory"
            ]
        )
    }
}

/// A directory of a test's own, which goes away with it.
private final class TemporaryDirectory: Sendable {
    private let url = FileManager.default.temporaryDirectory
        .appending(path: "settings-\(UUID().uuidString)")

    deinit {
        try? FileManager.default.removeItem(at: url)
    }

    /// Writes a new file and gives its path.
    func write(_ text: String) throws -> String {
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        let file = url.appending(path: UUID().uuidString)
        try Data(text.utf8).write(to: file)
        return file.path
    }
}
