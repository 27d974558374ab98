import Web

/// `?cursor=…&size=20`: where a list goes on, for lists that are walked to their end.
struct ListPlace {
    /// The id of the last item of the page before; 0 for the first page.
    let last: Int64
    let size: Int

    init(_ query: Query) throws(Problem) {
        size = try PageRequest(query).size
        guard let cursor = query["cursor"] else {
            last = 0
            return
        }
        guard let id = Int64(cursor), id > 0 else { throw Self.foreignCursor }
        last = id
    }

    /// What a cursor is answered with that did not come from the list.
    static let foreignCursor = Problem.invalid(
        .badRequest,
        pointer: "?cursor",
        code: "format",
        detail: "cursor must be a nextCursor of this list."
    )

    /// The page out of its items and, where the list goes on, one more.
    func answer<Item>(
        _ items: [Item],
        id: (Item) -> Int64,
        _ json: (Item) -> JSON
    ) -> Response {
        Self.answer(items, size, cursor: { String(id($0)) }, json)
    }

    /// The same where the id alone does not tell the place.
    static func answer<Item>(
        _ items: [Item],
        _ size: Int,
        cursor: (Item) -> String,
        _ json: (Item) -> JSON
    ) -> Response {
        let page = items.prefix(size)
        let next = items.count > size ? page.last.map(cursor) : nil
        let body: JSON = ["items": .array(page.map(json)), "nextCursor": JSON(next)]
        return Response.json(.ok, body.serialized())
    }
}

extension Query {
    /// The word of `?state=`, by which a list is narrowed; nil where it is not.
    ///
    /// - Throws: a `Problem` with 400 that names the words there are.
    func state<Word>(as _: Word.Type) throws(Problem) -> Word?
    where Word: RawRepresentable<String> & CaseIterable {
        guard let text = self["state"] else { return nil }
        guard let word = Word(rawValue: text) else {
            let words = Word.allCases.map(\.rawValue).joined(separator: ", ")
            throw .invalid(
                .badRequest,
                pointer: "?state",
                code: "value",
                detail: "state must be one of \(words)."
            )
        }
        return word
    }
}
