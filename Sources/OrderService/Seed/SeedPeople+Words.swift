import Commerce

extension SeedPeople {
    static let firstNames = [
        "Andrei", "Maria", "Ștefan", "Ioana", "Mihai", "Elena", "Alexandru", "Ana", "Cristian",
        "Raluca", "Răzvan", "Mădălina", "Vlad", "Ruxandra", "Bogdan", "Cătălina", "Ionuț",
        "Simona", "Călin", "Anca", "Gheorghe", "Lăcrămioara", "Dănuț", "Oana", "Sorin", "Ilinca",
        "Petru", "Sânziana", "Ciprian", "Despina", "Horia", "Mălina", "Tudor", "Viorica",
        "Costin", "Ștefania", "Radu", "Brândușa", "Lucian", "Iulia-Maria",
    ]

    static let lastNames = [
        "Popescu", "Ionescu", "Țurcanu", "Rădulescu", "Munteanu", "Stănescu", "Dumitrașcu",
        "Șerban", "Pârvu", "Ciobanu", "Mureșan", "Câmpeanu", "Bălan", "Vlăduț", "Georgescu",
        "Tănase", "Lupu", "Nistor", "Păun", "Crăciun", "Drăgan", "Moldovan", "Suciu", "Hoșu",
        "Văcărescu", "Cîrstea", "Botezatu", "Neacșu", "Olaru", "Țepeș", "Zamfir", "Apostol",
        "Bejan", "Cojocaru", "Dobrescu", "Enache", "Filipescu", "Grigorescu", "Iacob", "Manolache",
    ]

    static let trades = ["Birou", "Cofetărie", "Librărie", "Transport", "Grădini", "Proiect"]

    static let streets = [
        "Mihai Eminescu", "Ștefan cel Mare", "Avram Iancu", "Lăcrămioarelor", "Fântânii",
        "Gării", "Nicolae Bălcescu", "Teiului", "Viilor", "Ion Luca Caragiale", "Zorilor",
        "Dealul Cetății", "Moților", "Unirii", "Grădinii", "Crișan", "Păcii", "Școlii",
    ]

    struct Town: Sendable {
        let name: String
        let county: County
        /// The first three of the six digits.
        let postalPrefix: String
    }

    static let towns = [
        Town(name: "SECTOR1", county: .bucharest, postalPrefix: "010"),
        Town(name: "SECTOR2", county: .bucharest, postalPrefix: "020"),
        Town(name: "SECTOR3", county: .bucharest, postalPrefix: "030"),
        Town(name: "SECTOR4", county: .bucharest, postalPrefix: "040"),
        Town(name: "SECTOR5", county: .bucharest, postalPrefix: "050"),
        Town(name: "SECTOR6", county: .bucharest, postalPrefix: "060"),
        Town(name: "Cluj-Napoca", county: .cluj, postalPrefix: "400"),
        Town(name: "Timișoara", county: .timis, postalPrefix: "300"),
        Town(name: "Iași", county: .iasi, postalPrefix: "700"),
        Town(name: "Constanța", county: .constanta, postalPrefix: "900"),
        Town(name: "Brașov", county: .brasov, postalPrefix: "500"),
        Town(name: "Craiova", county: .dolj, postalPrefix: "200"),
        Town(name: "Galați", county: .galati, postalPrefix: "800"),
        Town(name: "Oradea", county: .bihor, postalPrefix: "410"),
        Town(name: "Ploiești", county: .prahova, postalPrefix: "100"),
        Town(name: "Sibiu", county: .sibiu, postalPrefix: "550"),
        Town(name: "Bacău", county: .bacau, postalPrefix: "600"),
        Town(name: "Pitești", county: .arges, postalPrefix: "110"),
        Town(name: "Târgu Mureș", county: .mures, postalPrefix: "540"),
        Town(name: "Baia Mare", county: .maramures, postalPrefix: "430"),
        Town(name: "Suceava", county: .suceava, postalPrefix: "720"),
        Town(name: "Voluntari", county: .ilfov, postalPrefix: "077"),
        Town(name: "Alba Iulia", county: .alba, postalPrefix: "510"),
        Town(name: "Râmnicu Vâlcea", county: .valcea, postalPrefix: "240"),
    ]
}
