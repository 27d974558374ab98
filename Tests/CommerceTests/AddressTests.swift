import Commerce
import Testing

@Suite("Addresses, companies and e-mail") struct AddressTests {
    private func flaws(
        city: String = "Cluj-Napoca",
        county: String? = "RO-CJ",
        postalCode: String = "400114",
        country: String = "RO"
    ) -> [Address.Flaw] {
        Address(
            street: "Str. Memorandumului 28",
            city: city,
            county: county,
            postalCode: postalCode,
            country: country
        ).flaws
    }

    @Test("accepts a county's address, and each of Bucharest's sectors")
    func accepts() {
        #expect(flaws() == [])
        for sector in 1...6 {
            #expect(flaws(city: "SECTOR\(sector)", county: "RO-B", postalCode: "010101") == [])
        }
        #expect(flaws(city: "Wien", county: nil, postalCode: "A-1010", country: "AT") == [])
    }

    @Test("names every county in Romanian, each in its own way")
    func countyNames() {
        let names = County.allCases.map(\.name)
        #expect(Set(names).count == 42 && !names.contains(""))
        #expect(County.bucharest.name == "București" && County.valcea.name == "Vâlcea")
    }

    @Test(
        "refuses another city in Bucharest",
        arguments: ["București", "SECTOR0", "SECTOR7", "Sector1", "SECTOR 1", "SECTOR11", ""]
    )
    func sectors(city: String) {
        #expect(flaws(city: city, county: "RO-B") == [.notASector])
    }

    @Test(
        "names what is wrong",
        arguments: [
            ("RO-XX", "400114", "RO", [Address.Flaw.unknownCounty]),
            ("CJ", "400114", "RO", [.unknownCounty]), ("ro-cj", "400114", "RO", [.unknownCounty]),
            (nil, "400114", "RO", [.missingCounty]), ("RO-CJ", "40011", "RO", [.postalCode]),
            ("RO-CJ", "4001145", "RO", [.postalCode]), ("RO-CJ", "40011A", "RO", [.postalCode]),
            ("RO-CJ", "٤٠٠١١٤", "RO", [.postalCode]), ("RO-CJ", "400114", "ro", [.unknownCountry]),
            ("RO-CJ", "400114", "ROU", [.unknownCountry]), (nil, "x", "XX", [.unknownCountry]),
            (nil, "x", "UK", [.unknownCountry]), (nil, "x", "A\u{301}T", [.unknownCountry]),
            (nil, "x", "RO", [.missingCounty, .postalCode]),
        ] as [(String?, String, String, [Address.Flaw])]
    )
    func names(county: String?, postalCode: String, country: String, expected: [Address.Flaw]) {
        #expect(flaws(county: county, postalCode: postalCode, country: country) == expected)
    }

    @Test("knows the 41 counties and Bucharest by ISO 3166-2")
    func counties() {
        #expect(County.allCases.count == 42)
        let codes = """
            AB AG AR B BC BH BN BR BT BV BZ CJ CL CS CT CV DB DJ GJ GL GR HD HR IF IL IS MH MM MS \
            NT OT PH SB SJ SM SV TL TM TR VL VN VS
            """.split(separator: " ").map { "RO-\($0)" }
        #expect(Set(County.allCases.map(\.rawValue)) == Set(codes))
    }

    @Test(
        "accepts a CUI with its check digit",
        arguments: [
            "18547290", "14399840", "361757", "27", "19", "12345674", "1234567897", "90000006",
            "90000090", "9999999994", "90123459", "93456784", "98887770",
        ]
    )
    func companies(text: String) throws {
        let cui = try #require(CUI(parsing: text))
        #expect(cui.description == text && !cui.hasVATPrefix)
        let prefixed = try #require(CUI(parsing: " ro \(text)"))
        #expect(prefixed.description == text && prefixed.hasVATPrefix)
    }

    @Test(
        "refuses a CUI without it, and every other text",
        arguments: [
            "18547291", "14399841", "0", "1", "00", "012", "12345678901", "", "RO", "RO RO 27",
            "2a7", "-27", "²7", "27.0", "000000027",
        ]
    )
    func wrongCompanies(text: String) {
        #expect(CUI(parsing: text) == nil)
    }

    @Test("finds every wrong check digit of a CUI")
    func checkDigits() {
        for body in [1, 27, 1_854_729, 999_999_999] {
            let valid = (0...9).filter { CUI(parsing: "\(body)\($0)") != nil }
            #expect(valid.count == 1)
        }
    }

    @Test(
        "accepts e-mail addresses as browsers do, in lower case",
        arguments: [
            ("ana@example.ro", "ana@example.ro"), ("Ana.POP+x@Example.RO", "ana.pop+x@example.ro"),
            ("a@b.c", "a@b.c"), ("a.@b.ro", "a.@b.ro"), ("x@a-b.c1.ro", "x@a-b.c1.ro"),
            ("!#$%&'*+/=?^_`{|}~-@b.ro", "!#$%&'*+/=?^_`{|}~-@b.ro"),
        ]
    )
    func emails(text: String, expected: String) {
        #expect(EmailAddress(parsing: text)?.description == expected)
    }

    @Test(
        "refuses every other text",
        arguments: [
            "", "@", "a@", "@b.ro", "a", "a@b", "a@@b.ro", "a@b@c.ro", "a b@c.ro", "a@b..ro",
            "a@.ro", "a@b.", "a@-b.ro", "a@b-.ro", "a@b_c.ro", "ană@b.ro", "a@bă.ro", "a@b.ro ",
            "a\0@b.ro", "a,b@c.ro", "<a@b.ro>", "\"a\"@b.ro", "a@[127.0.0.1]",
            String(repeating: "a", count: 65) + "@b.ro",
            "a@" + String(repeating: "b", count: 64) + ".ro",
            "a@" + Array(repeating: "bbbbbbbb", count: 30).joined(separator: ".") + ".ro",
        ]
    )
    func wrongEmails(text: String) {
        #expect(EmailAddress(parsing: text) == nil)
    }
}
