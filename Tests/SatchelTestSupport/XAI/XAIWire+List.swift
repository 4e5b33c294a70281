/// `GET /v1/files`.
extension XAIWire {
    /// Pages by `pagination_token`, which belongs to one sorting.
    ///
    /// `after` is read and has no effect, as the service keeps it only for compatibility; `filter` is not offered here.
    func list(
        _ request: LoopbackRequest,
        _ team: String,
        _ options: XAIOptions
    ) throws(XAIFailure) -> LoopbackResponse {
        for (index, item) in request.query.enumerated() {
            guard ["limit", "order", "sort_by", "pagination_token", "after"].contains(item.name) else {
                throw XAIFailure(message: "Unknown query parameter `\(item.name)`")
            }
            if request.query[..<index].contains(where: { $0.name == item.name }) {
                throw XAIFailure(message: "Query parameter `\(item.name)` was given twice")
            }
        }
        var limit = 100
        if let text = request.query("limit") {
            guard let number = Int(text), (1...100).contains(number) else {
                throw XAIFailure(message: "`limit` must be between 1 and 100")
            }
            limit = number
        }
        let order = request.query("order") ?? "desc"
        guard order == "asc" || order == "desc" else { throw XAIFailure(message: "`order` must be asc or desc") }
        let sortBy = request.query("sort_by")
        var files = try sorted(store.files(of: team), by: sortBy)
        if order == "desc" { files.reverse() }
        let sorting = "\(sortBy ?? "none").\(order)"
        var offset = 0
        if let token = request.query("pagination_token"), !options.repeatsPages {
            guard let place = Self.place(of: token, sorting: sorting) else {
                throw XAIFailure(message: "Invalid pagination token")
            }
            offset = min(place, files.count)
        }
        let page = files.dropFirst(offset).prefix(min(limit, options.maxPage))
        var reply: [String: JSONValue] = ["data": .array(page.map(describe))]
        if options.tokenOnLastPage || offset + page.count < files.count {
            reply["pagination_token"] = .string(Self.token(sorting, offset + page.count))
        }
        return .json(.object(reply))
    }

    private func sorted(_ files: [LoopbackStore.File], by key: String?) throws(XAIFailure) -> [LoopbackStore.File] {
        switch key {
        // The order of the uploads, which is also that within one second.
        case "created_at": files
        case "filename": files.sorted { ($0.name, $0.createdAt) < ($1.name, $1.createdAt) }
        case "size": files.sorted { ($0.size, $0.createdAt) < ($1.size, $1.createdAt) }
        // Nothing is promised without: ids are as good as chance.
        case nil: files.sorted { $0.id < $1.id }
        default: throw XAIFailure(message: "`sort_by` must be created_at, filename or size")
        }
    }

    /// Opaque to its reader: the bytes in hexadecimal.
    private static func token(_ sorting: String, _ offset: Int) -> String {
        "\(sorting).\(offset)".utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private static func place(of token: String, sorting: String) -> Int? {
        let digits = Array(token.utf8)
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let byte = UInt8(String(decoding: digits[index...(index + 1)], as: UTF8.self), radix: 16) else {
                return nil
            }
            bytes.append(byte)
        }
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.hasPrefix(sorting + ".") else { return nil }
        return Int(text.dropFirst(sorting.count + 1))
    }
}
