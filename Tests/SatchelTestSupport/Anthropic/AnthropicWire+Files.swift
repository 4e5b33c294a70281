import FoundationEssentials

/// `/v1/files`, as it is since it left its beta.
extension AnthropicWire {
    /// An expired file can still be looked at, and is still listed, for so many seconds.
    private static let retention: Int64 = 30 * 86400

    func upload(_ request: LoopbackRequest, _ asker: Asker) throws(AnthropicFailure) -> LoopbackResponse {
        let form: MultipartForm
        do throws(MultipartFlaw) {
            form = try request.form()
        } catch {
            throw AnthropicFailure(message: "Could not parse the multipart form: \(error)")
        }
        for (index, part) in form.parts.enumerated() {
            guard ["file", "expires_in_seconds"].contains(part.name) else { throw .extra(part.name) }
            if form.parts[..<index].contains(where: { $0.name == part.name }) {
                throw .invalid(part.name, "given more than once")
            }
        }
        guard let file = form["file"] else { throw .missing("file") }
        // The file is stored while it is read: what follows it comes too late.
        guard form.parts.last?.name == "file" else { throw .invalid("file", "must be the last part") }
        let lifetime = try lifetime(form["expires_in_seconds"])
        guard file.bytes.count <= asker.options.maxFileSize else {
            throw .tooLarge("File exceeds the maximum size of \(asker.options.maxFileSize) bytes")
        }
        let mime = file.contentType ?? Self.guessed(file)
        let incoming = LoopbackStore.Incoming(
            project: asker.workspace,
            name: try Self.name(of: file, mime: mime),
            contentType: mime,
            purpose: "",
            bytes: file.bytes,
            lifetime: lifetime
        )
        guard let stored = store.add(incoming, makeID: fileID) else {
            throw AnthropicFailure(
                message: "Your organization's file storage quota is exhausted.",
                code: "storage_quota_exceeded"
            )
        }
        notePlace(of: stored.id)
        return .json(Self.describe(stored))
    }

    private func lifetime(_ part: MultipartForm.Part?) throws(AnthropicFailure) -> Int64? {
        guard let part else { return nil }
        guard part.filename == nil, let text = part.text, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let seconds = Int64(text)
        else { throw .invalid("expires_in_seconds", "Input should be a valid integer") }
        guard (3600...7_776_000).contains(seconds) else {
            throw .invalid("expires_in_seconds", "Input should be from 3600 to 7776000")
        }
        return seconds
    }

    /// Only the last component of a path is kept.
    private static func name(of file: MultipartForm.Part, mime: String) throws(AnthropicFailure) -> String {
        let name = file.filename?.split(separator: "/", omittingEmptySubsequences: false).last.map(String.init) ?? ""
        guard !name.isEmpty else { return "unnamed" + (extensions.first { $0.value == mime }?.key ?? "") }
        let isAllowed = name.unicodeScalars.allSatisfy {
            $0.value >= 0x20 && !"<>:\"|?*\\/".unicodeScalars.contains($0)
        }
        guard name.unicodeScalars.count <= 255, isAllowed else {
            throw .invalid("file", "Invalid filename: 1 to 255 characters, none of < > : \" | ? * \\ / or control")
        }
        return name
    }

    private static let extensions = [
        ".txt": "text/plain", ".pdf": "application/pdf", ".png": "image/png", ".jpg": "image/jpeg",
        ".gif": "image/gif", ".webp": "image/webp",
    ]

    /// What is detected when a part has no type is not documented; the extension is the least that can be expected.
    private static func guessed(_ file: MultipartForm.Part) -> String {
        let name = file.filename?.lowercased() ?? ""
        return extensions.first { name.hasSuffix($0.key) }?.value ?? "application/octet-stream"
    }

    func list(_ request: LoopbackRequest, _ asker: Asker) throws(AnthropicFailure) -> LoopbackResponse {
        for (index, item) in request.query.enumerated() {
            guard ["limit", "page", "ids[]"].contains(item.name) else { throw .extra(item.name) }
            if item.name != "ids[]", request.query[..<index].contains(where: { $0.name == item.name }) {
                throw .invalid(item.name, "given more than once")
            }
        }
        let newestFirst = visible(asker).reversed()
        let ids = Set(request.query.filter { $0.name == "ids[]" }.map(\.value))
        guard ids.isEmpty else {
            guard request.query.allSatisfy({ $0.name == "ids[]" }) else {
                throw .invalid("ids", "cannot be combined with page or limit")
            }
            guard ids.count <= 100 else { throw .invalid("ids", "List should have at most 100 items") }
            return Self.page(newestFirst.filter { ids.contains($0.id) }, next: nil)
        }
        var limit = 20
        if let text = request.query("limit") {
            guard let number = Int(text), (1...1000).contains(number) else {
                throw .invalid("limit", "Input should be from 1 to 1000")
            }
            limit = number
        }
        var files = Array(newestFirst)
        if let cursor = request.query("page"), !asker.options.repeatsPages {
            guard cursor.hasPrefix("page_"), let end = Int(cursor.dropFirst("page_".count), radix: 36) else {
                throw .invalid("page", "is no page of this listing")
            }
            files.removeAll { (place(of: $0.id) ?? 0) >= end }
        }
        let page = files.prefix(min(limit, asker.options.maxPage))
        let isLast = page.count == files.count && !asker.options.repeatsPages
        let next = isLast ? nil : page.last.flatMap { place(of: $0.id) }
        return Self.page(page, next: next.map { "page_" + String($0, radix: 36) })
    }

    private static func page(_ files: some Sequence<LoopbackStore.File>, next: String?) -> LoopbackResponse {
        .json(["data": .array(files.map(describe)), "next_page": next.map(JSONValue.string) ?? nil])
    }

    func retrieve(_ id: String, _ asker: Asker) throws(AnthropicFailure) -> LoopbackResponse {
        .json(Self.describe(try find(id, asker)))
    }

    /// Deleting an expired file ends what was left of it.
    func delete(_ id: String, _ asker: Asker) throws(AnthropicFailure) -> LoopbackResponse {
        let file = try find(id, asker)
        if !store.delete(file.id, of: asker.workspace) { store.forget(file.id) }
        return .json(["id": .string(id), "type": "file_deleted"])
    }

    /// Only what tools made can be fetched, and there are no tools here.
    func content(_ id: String, _ asker: Asker) throws(AnthropicFailure) -> LoopbackResponse {
        let file = try find(id, asker)
        if file.isExpired(at: store.clock.seconds) { throw .expiredFile(id) }
        throw AnthropicFailure(
            message: "File \(id) is not downloadable.",
            code: "file_not_downloadable"
        )
    }

    // MARK: Looking

    private func visible(_ asker: Asker) -> [LoopbackStore.File] {
        let now = store.clock.seconds
        return store.keptFiles(of: asker.workspace).filter { !$0.isExpired(at: now - Self.retention) }
    }

    private func find(_ id: String, _ asker: Asker) throws(AnthropicFailure) -> LoopbackStore.File {
        guard let file = store.keptFile(id, of: asker.workspace),
            !file.isExpired(at: store.clock.seconds - Self.retention)
        else { throw .noSuchFile(id) }
        return file
    }

    /// A file that a message may show.
    func live(_ id: String, _ asker: Asker) throws(AnthropicFailure) -> LoopbackStore.File {
        var failure = AnthropicFailure.noSuchFile(id)
        if let file = store.keptFile(id, of: asker.workspace) {
            if !file.isExpired(at: store.clock.seconds) { return file }
            failure = .expiredFile(id)
        }
        failure.status = asker.options.missingFileStatus
        if failure.status == 400 { failure.type = "invalid_request_error" }
        throw failure
    }

    private static func describe(_ file: LoopbackStore.File) -> JSONValue {
        [
            "id": .string(file.id),
            "type": "file",
            "filename": .string(file.name),
            "mime_type": .string(file.contentType ?? "application/octet-stream"),
            "size_bytes": .int(Int64(file.size)),
            "created_at": .string(rfc3339(file.createdAt)),
            "downloadable": false,
            "expires_at": file.expiresAt.map { .string(rfc3339($0)) } ?? nil,
        ]
    }
}

private func rfc3339(_ seconds: Int64) -> String {
    Date(timeIntervalSince1970: TimeInterval(seconds)).formatted(.iso8601)
}

/// `file_011C` and 20 letters and digits without those that look alike.
private func fileID(_ number: UInt64) -> String {
    let letters = Array("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz")
    var id = "file_011C"
    var rest = number
    for place in 0..<20 {
        if place == 10 { rest = mixed(number &+ 1) }
        id.append(letters[Int(rest % UInt64(letters.count))])
        rest /= UInt64(letters.count)
    }
    return id
}
