/// `/v1/files`.
extension OpenAIWire {
    private static let purposes = ["assistants", "batch", "fine-tune", "vision", "user_data", "evals"]
    private static let outputPurposes = ["assistants_output", "batch_output", "fine-tune-results"]

    func upload(
        _ request: LoopbackRequest,
        _ project: String,
        _ options: OpenAIOptions
    ) throws(OpenAIFailure) -> LoopbackResponse {
        let form: MultipartForm
        do throws(MultipartFlaw) {
            form = try request.form()
        } catch {
            throw OpenAIFailure(message: "Could not parse multipart form: \(error)")
        }
        let known = ["purpose", "file", "expires_after[anchor]", "expires_after[seconds]"]
        for (index, part) in form.parts.enumerated() {
            guard known.contains(part.name) else { throw .unknownParameter(part.name) }
            if form.parts[..<index].contains(where: { $0.name == part.name }) {
                throw .invalid(part.name, "given twice")
            }
            if part.name != "file", part.filename != nil { throw .invalid(part.name, "is a file") }
        }
        guard let purpose = form["purpose"]?.text else {
            throw OpenAIFailure(message: "'purpose' is a required property", param: "purpose")
        }
        guard Self.purposes.contains(purpose) else {
            throw OpenAIFailure(message: "'\(purpose)' is not one of \(Self.purposes) - 'purpose'", param: "purpose")
        }
        guard let file = form["file"] else {
            throw OpenAIFailure(message: "'file' is a required property", param: "file")
        }
        guard let name = file.filename, !name.isEmpty else { throw .invalid("file", "needs a filename") }
        let lifetime = try lifetime(form, purpose: purpose, options)
        guard file.bytes.count <= options.maxFileSize else {
            throw OpenAIFailure(
                status: 413,
                message: "File size \(file.bytes.count) bytes exceeds the maximum of \(options.maxFileSize) bytes"
            )
        }
        if options.refusesEmptyFiles, file.bytes.isEmpty { throw OpenAIFailure(message: "File is empty") }
        let incoming = LoopbackStore.Incoming(
            project: project,
            name: options.isOGX ? ogxName(name) : name,
            contentType: file.contentType,
            purpose: purpose,
            bytes: file.bytes,
            lifetime: options.heedsExpiry ? lifetime : nil
        )
        guard let stored = store.add(incoming, makeID: { fileID($0, options) }) else {
            throw OpenAIFailure(status: options.whenFull.status, message: options.whenFull.message)
        }
        return .json(describe(stored, options))
    }

    private func lifetime(
        _ form: MultipartForm,
        purpose: String,
        _ options: OpenAIOptions
    ) throws(OpenAIFailure) -> Int64? {
        let anchor = form["expires_after[anchor]"]
        let seconds = form["expires_after[seconds]"]
        guard anchor != nil || seconds != nil else {
            if options.isOGX { return 31_536_000 }
            return purpose == "batch" ? 2_592_000 : nil
        }
        func refused(_ why: String) -> OpenAIFailure {
            var failure = OpenAIFailure.invalid("expires_after", why)
            failure.isDetail = true
            return failure
        }
        guard anchor?.text == "created_at" else { throw refused("anchor must be 'created_at'") }
        guard let text = seconds?.text, let number = Int64(text), text.utf8.allSatisfy({ $0 != UInt8(ascii: "+") })
        else { throw refused("seconds must be an integer") }
        guard (3600...2_592_000).contains(number) else { throw refused("seconds must be from 3600 to 2592000") }
        return number
    }

    func list(
        _ request: LoopbackRequest,
        _ project: String,
        _ options: OpenAIOptions
    ) throws(OpenAIFailure) -> LoopbackResponse {
        for (index, item) in request.query.enumerated() {
            guard ["limit", "order", "after", "purpose"].contains(item.name) else { throw .unknownParameter(item.name) }
            if request.query[..<index].contains(where: { $0.name == item.name }) {
                throw .invalid(item.name, "given twice")
            }
        }
        var limit = 10_000
        if let text = request.query("limit") {
            guard let number = Int(text), (1...10_000).contains(number) else {
                throw .invalid("limit", "must be an integer from 1 to 10000")
            }
            limit = number
        }
        let order = request.query("order") ?? "desc"
        guard order == "asc" || order == "desc" else { throw .invalid("order", "must be 'asc' or 'desc'") }
        var files = store.files(of: project)
        if order == "desc" { files.reverse() }
        if let purpose = request.query("purpose") {
            guard (Self.purposes + Self.outputPurposes).contains(purpose) else { throw .invalid("purpose", "unknown") }
            files.removeAll { $0.purpose != purpose }
        }
        if let after = request.query("after"), !options.repeatsPages {
            guard let index = files.firstIndex(where: { $0.id == after }) else {
                throw OpenAIFailure(message: "No such File object: \(after)", param: "after")
            }
            files.removeFirst(index + 1)
        }
        let page = files.prefix(min(limit, options.maxPage))
        return .json([
            "object": "list",
            "data": .array(page.map { describe($0, options) }),
            "first_id": page.first.map { .string($0.id) } ?? nil,
            "last_id": page.last.map { .string($0.id) } ?? nil,
            "has_more": .bool(page.count < files.count),
        ])
    }

    func retrieve(_ id: String, _ project: String, _ options: OpenAIOptions) throws(OpenAIFailure) -> LoopbackResponse {
        .json(describe(try find(id, project, options), options))
    }

    func delete(_ id: String, _ project: String, _ options: OpenAIOptions) throws(OpenAIFailure) -> LoopbackResponse {
        let file = try find(id, project, options)
        guard store.delete(file.id, of: project) else { throw .noSuchFile(id) }
        return .json(["id": .string(id), "object": "file", "deleted": true])
    }

    func content(_ id: String, _ project: String, _ options: OpenAIOptions) throws(OpenAIFailure) -> LoopbackResponse {
        let file = try find(id, project, options)
        guard options.allowsDownload || !["user_data", "assistants", "vision"].contains(file.purpose) else {
            throw OpenAIFailure(message: "Not allowed to download files of purpose: \(file.purpose)")
        }
        return LoopbackResponse(
            200,
            headers: ["Content-Type": "application/octet-stream"],
            body: .whole(Array(file.bytes))
        )
    }

    private func find(
        _ id: String,
        _ project: String,
        _ options: OpenAIOptions
    ) throws(OpenAIFailure) -> LoopbackStore.File {
        if options.isOGX, !id.hasPrefix("file-") || !id.dropFirst(5).allSatisfy(\.isHexDigit) {
            throw OpenAIFailure(message: "Invalid value for 'file_id': \(id).")
        }
        guard let file = store.file(id, of: project) else {
            if options.isOGX { throw OpenAIFailure(status: 404, message: "File '\(id)' not found.") }
            throw .noSuchFile(id)
        }
        return file
    }

    private func describe(_ file: LoopbackStore.File, _ options: OpenAIOptions) -> JSONValue {
        var object: [String: JSONValue] = [
            "id": .string(file.id),
            "object": "file",
            "bytes": .int(Int64(file.size)),
            "created_at": .int(file.createdAt),
            "expires_at": file.expiresAt.map(JSONValue.int) ?? nil,
            "filename": .string(file.name),
            "purpose": .string(file.purpose),
            "status": "processed",
        ]
        // In the specification a text or absent; only OGX has an empty one.
        if options.isOGX { object["status_details"] = "" }
        return .object(object)
    }
}

/// `file-` and 22 letters and digits; OGX has 32 hexadecimal digits.
private func fileID(_ number: UInt64, _ options: OpenAIOptions) -> String {
    if options.isOGX {
        let hex = String(number, radix: 16) + String(mixed(number), radix: 16) + "00000000000000000000000000000000"
        return "file-" + hex.prefix(32)
    }
    let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
    var id = options.idPrefix
    var rest = number
    for place in 0..<22 {
        if place == 11 { rest = mixed(number &+ 1) }
        id.append(letters[Int(rest % 62)])
        rest /= 62
    }
    return id
}

/// What OGX makes of a name: `..` and everything but ASCII letters, digits, `.`, `-` and `_` become underscores.
private func ogxName(_ name: String) -> String {
    var result = ""
    var rest = name.unicodeScalars[...]
    while let scalar = rest.popFirst() {
        let keeps = scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
        if scalar == ".", rest.first == "." || result.isEmpty {
            if rest.first == "." { rest.removeFirst() }
            result += "_"
        } else {
            result += keeps || scalar == "." || scalar == "-" ? String(scalar) : "_"
        }
    }
    return result
}
