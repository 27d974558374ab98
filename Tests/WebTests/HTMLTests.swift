import Testing
import Web

@Suite("HTML") struct HTMLTests {
    @Test("escapes every value, in text and in attributes, and nothing twice")
    func escapes() {
        let value = "<a href=\"x\" title='y'>&amp;</a>"
        let page: HTML = "<p title=\"\(value)\">\(value)</p>"
        let escaped =
            "&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;amp;&lt;/a&gt;"
        #expect(page.text == "<p title=\"\(escaped)\">\(escaped)</p>")
    }

    @Test("takes in markup as it is, one piece or many")
    func nests() {
        let items = ["a", "<b>"].map { "<li>\($0)</li>" as HTML }
        let list: HTML = "<ul>\(items)</ul>"
        #expect(list.text == "<ul><li>a</li><li>&lt;b&gt;</li></ul>")
        let page: HTML = "\(list)\(7)"
        #expect(page.text == list.text + "7")
        #expect(HTML(items).text == "<li>a</li><li>&lt;b&gt;</li>")
    }

    @Test("shows no control and no mark that turns text around")
    func controls() {
        let page: HTML = "\("a\u{0}b\u{1B}c\u{202E}d\u{2066}e\u{7F}f\ng")"
        #expect(page.text == "a b c d e f g")
    }
}
