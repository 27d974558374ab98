import Commerce

extension SeedCategory {
    /// All kinds of goods, food and books at the reduced rate.
    static let all = food + books + goods

    private static let food = [
        SeedCategory(
            code: "CAF",
            vatRate: .reduced,
            prices: 2_400...4_400,
            things: [
                "Cafea boabe", "Cafea măcinată", "Cafea verde", "Cafea decofeinizată",
                "Cafea pentru ibric", "Cafea pentru espresso", "Cafea pentru filtru",
                "Cafea prăjită lent",
            ],
            qualities: [
                "„Dimineața”", "„Țara Moților”", "„Calea Victoriei”", "„Lipscani”",
                "„Răsărit”", "„Amiaza”", "„Gara de Nord”", "„Două cești”",
            ],
            sizes: weights(("250 g", 250), ("500 g", 500), ("1 kg", 1_000))
        ),
        SeedCategory(
            code: "CEA",
            vatRate: .reduced,
            prices: 1_500...3_900,
            things: [
                "Ceai verde", "Ceai negru", "Ceai de mentă", "Ceai de tei", "Ceai de măceșe",
                "Ceai de cătină", "Ceai de mușețel", "Ceai de soc",
            ],
            qualities: [
                "„Poiana”", "„Apuseni”", "„Bunica Ana”", "„Seri de iarnă”", "„Retezat”",
                "„Fânețe”", "„Liniște”", "„Grădina”",
            ],
            sizes: weights(("50 g", 50), ("100 g", 100), ("200 g", 200))
        ),
        SeedCategory(
            code: "MIE",
            vatRate: .reduced,
            prices: 1_900...3_600,
            things: [
                "Miere de tei", "Miere de salcâm", "Miere polifloră", "Miere de mană",
                "Miere de rapiță", "Miere de floarea-soarelui", "Miere de zmeură",
                "Miere de lavandă",
            ],
            qualities: [
                "din Bucovina", "din Maramureș", "din Apuseni", "din Vrancea", "din Dobrogea",
                "din Banat", "din Harghita", "din Oltenia",
            ],
            sizes: weights(("250 g", 250), ("400 g", 400), ("900 g", 900))
        ),
        SeedCategory(
            code: "DUL",
            vatRate: .reduced,
            prices: 1_400...2_900,
            things: [
                "Dulceață de vișine", "Dulceață de caise", "Dulceață de nuci verzi",
                "Dulceață de trandafiri", "Dulceață de afine", "Magiun de prune",
                "Zacuscă de vinete", "Zacuscă cu ghebe",
            ],
            qualities: [
                "„Cămara”", "„Casa Sașilor”", "„Ulița”", "„Gust de sat”", "„Livada”",
                "„Mărțișor”", "„Târnave”", "„Bunătăți”",
            ],
            sizes: weights(("200 g", 200), ("350 g", 350), ("720 g", 720))
        ),
        SeedCategory(
            code: "CIO",
            vatRate: .reduced,
            prices: 900...2_200,
            things: [
                "Ciocolată neagră", "Ciocolată cu lapte", "Ciocolată albă", "Ciocolată de casă",
                "Ciocolată fără zahăr", "Praline", "Trufe", "Jeleuri din fructe",
            ],
            qualities: [
                "cu alune", "cu vișine", "cu portocale", "cu sare de Praid", "cu nuci",
                "cu mentă", "cu caramel", "cu zmeură",
            ],
            sizes: weights(("80 g", 80), ("150 g", 150), ("300 g", 300))
        ),
    ]

    private static let books = [
        SeedCategory(
            code: "CAR",
            vatRate: .reduced,
            prices: 2_500...6_500,
            things: [
                "Povești", "Legende", "Rețete", "Poezii", "Călătorii", "Amintiri", "Basme",
                "Hărți și drumuri",
            ],
            qualities: [
                "din Țara Făgărașului", "din Delta Dunării", "din Bucureștiul vechi",
                "din Ardeal", "din Dobrogea", "din Moldova de Sus", "din Munții Apuseni",
                "de pe Valea Oltului",
            ],
            sizes: [
                Size(label: "ediție broșată", percent: 100, grams: 320),
                Size(label: "ediție cartonată", percent: 150, grams: 540),
                Size(label: "ediție ilustrată", percent: 240, grams: 980),
            ]
        )
    ]

    private static let goods = [
        SeedCategory(
            code: "CER",
            vatRate: .standard,
            prices: 3_500...9_900,
            things: [
                "Cană de ceramică", "Bol de ceramică", "Ulcior", "Vază", "Ceainic",
                "Oală de lut", "Ghiveci smălțuit", "Carafă",
            ],
            qualities: [
                "de Horezu", "de Corund", "de Marginea", "de Cucuteni", "de Vama", "de Săcel",
                "de Rădăuți", "de Baia Mare",
            ],
            sizes: weights(("0,3 l", 350), ("0,5 l", 520), ("1 l", 950))
        ),
        SeedCategory(
            code: "COS",
            vatRate: .standard,
            prices: 1_800...5_200,
            things: [
                "Cremă de mâini", "Săpun lichid", "Șampon", "Balsam de păr", "Ulei de corp",
                "Loțiune de corp", "Gel de duș", "Apă micelară",
            ],
            qualities: [
                "cu lavandă", "cu cătină", "cu gălbenele", "cu mușețel", "cu lapte de capră",
                "cu miere", "cu mentă", "cu trandafiri",
            ],
            sizes: weights(("50 ml", 70), ("100 ml", 130), ("250 ml", 290))
        ),
        SeedCategory(
            code: "TEX",
            vatRate: .standard,
            prices: 4_900...16_900,
            things: [
                "Față de masă", "Ștergar", "Pernă decorativă", "Fular de lână",
                "Pătură de lână", "Șorț de bucătărie", "Traistă", "Cuvertură",
            ],
            qualities: [
                "cu motive din Maramureș", "cu motive din Oltenia", "cu motive din Bucovina",
                "cu motive din Muscel", "cu dungi late", "cu broderie albă", "cu ciucuri",
                "cu flori de câmp",
            ],
            sizes: [
                Size(label: "mărime mică", percent: 100, grams: 250),
                Size(label: "mărime medie", percent: 140, grams: 450),
                Size(label: "mărime mare", percent: 190, grams: 900),
            ]
        ),
        SeedCategory(
            code: "LEM",
            vatRate: .standard,
            prices: 2_900...11_900,
            things: [
                "Tocător", "Lingură", "Platou", "Castron", "Cutie pentru ceai",
                "Suport de lumânări", "Ramă foto", "Joc de șah",
            ],
            qualities: [
                "din lemn de nuc", "din lemn de fag", "din lemn de stejar",
                "din lemn de cireș", "din lemn de frasin", "din lemn de tei",
                "din lemn de paltin", "din lemn de prun",
            ],
            sizes: [
                Size(label: "20 cm", percent: 100, grams: 220),
                Size(label: "30 cm", percent: 150, grams: 480),
                Size(label: "45 cm", percent: 230, grams: 1_100),
            ]
        ),
        SeedCategory(
            code: "LUM",
            vatRate: .standard,
            prices: 1_900...8_900,
            things: [
                "Lumânare parfumată", "Lumânare din ceară de albine", "Difuzor de arome",
                "Felinar de sticlă", "Lampă de birou", "Ghirlandă luminoasă",
                "Oglindă de perete", "Ceas de perete",
            ],
            qualities: [
                "„Amurg”", "„Brădet”", "„Iasomie”", "„Miez de vară”", "„Sărbători”",
                "„Ploaie”", "„Crâng”", "„Dor”",
            ],
            sizes: [
                Size(label: "culoare albă", percent: 100, grams: 300),
                Size(label: "culoare verde", percent: 110, grams: 300),
                Size(label: "culoare aurie", percent: 140, grams: 320),
            ]
        ),
        SeedCategory(
            code: "BUC",
            vatRate: .standard,
            prices: 5_900...24_900,
            things: [
                "Râșniță de cafea", "Ibric de cupru", "Moară de piper", "Tigaie de fontă",
                "Ceaun", "Cântar de bucătărie", "Presă de cafea", "Set de cuțite",
            ],
            qualities: [
                "„Meșter”", "„Vatra”", "„Șase gospodine”", "„Brâncuși”", "„Cuptorul”",
                "„Hanul”", "„Moara”", "„Ana Lugojana”",
            ],
            sizes: [
                Size(label: "mic", percent: 100, grams: 600),
                Size(label: "mijlociu", percent: 135, grams: 1_100),
                Size(label: "mare", percent: 185, grams: 1_900),
            ]
        ),
    ]

    /// Sizes by content; the larger ones cost less for the same content.
    private static func weights(_ sizes: (label: String, grams: Int)...) -> [Size] {
        let smallest = sizes[0].grams
        return sizes.map { label, grams in
            let percent = 100 + Int64(grams - smallest) * 80 / Int64(smallest)
            return Size(label: label, percent: percent, grams: grams + grams / 10 + 20)
        }
    }
}
