internal import FoundationEssentials
package import SatchelCore
internal import SatchelManifest
internal import SatchelRemote

/// What a live check of an account found, and what it used up.
package struct LiveReport: Sendable {
    package var account: String
    package var model: String?
    package var checks: [DoctorCheck] = []
    package var usage = ChatUsage(input: 0, cached: 0, output: 0, reasoning: 0)
}

extension Workspace {
    /// Proves what an account can do, one capability after the other, with canaries that are deleted again.
    ///
    /// A gateway may take a file part, answer 200 and never show the file to the model: only an answer that tells what
    /// stands in the file proves that it was seen. The caller holds the workspace lock.
    ///
    /// - Parameter connection: the account; without a model nothing is asked.
    /// - Returns: a check for each capability. One that the account does not offer is no fault.
    /// - Throws: ``ManifestError``.
    package func prove(_ connection: Connection) async throws -> LiveReport {
        var proof = AccountProof(workspace: self, connection: connection)
        do {
            try await proof.run()
        } catch {
            await proof.cleanUp()
            throw error
        }
        await proof.cleanUp()
        return proof.report
    }
}

/// One live check on its way.
private struct AccountProof {
    let workspace: Workspace
    let connection: Connection
    var report: LiveReport
    /// Canaries that are there and have to go.
    private var rows: [Int64] = []
    /// Of these, the ones that the account has said it took.
    private var taken = 0

    private var traits: ProviderTraits { connection.traits }
    private var provider: any FileProvider { connection.provider }

    init(workspace: Workspace, connection: Connection) {
        self.workspace = workspace
        self.connection = connection
        report = LiveReport(account: connection.account.name, model: connection.modelName)
    }

    mutating func run() async throws {
        guard traits.canReferFiles else {
            note("upload", true, "not offered: the account has no files to refer to")
            await ask(.word(as: .text), by: nil, capability: "text in chat")
            return
        }
        let canary = Canary.word(as: traits.acceptedMedia.contains(.text) ? .text : .pdf)
        guard let file = try await upload(canary) else { return }
        checkExpiry(of: file)
        await checkListing(of: file)
        await ask(canary, by: file.id, capability: "file in chat")
        if traits.canReferImages, traits.acceptedMedia.contains(.png) {
            let picture = Canary.picture()
            if let file = try await upload(picture) { await ask(picture, by: file.id, capability: "picture in chat") }
        } else if traits.inlinedMedia.contains(.png) {
            await ask(.picture(), by: nil, capability: "picture in chat")
        }
    }

    /// Deletes what was uploaded, whatever happened in between, and says whether it is gone.
    mutating func cleanUp() async {
        guard !rows.isEmpty else { return }
        let deleter = CopyDeleter(manifest: workspace.manifest, provider: provider, now: workspace.context.now)
        var problem: String?
        for row in rows {
            do {
                switch try await deleter.delete(row: row, because: "canary", force: true) {
                case .deleted, .dropped, .stillReferenced: break
                case .failed(let error): problem = "\(error)"
                }
            } catch {
                problem = "\(error)"
            }
        }
        // Where nothing was taken, nothing was proven.
        if taken > 0 || problem != nil {
            note(
                "delete",
                problem == nil,
                problem ?? "\(taken) \(taken == 1 ? "canary is" : "canaries are") gone again",
                hint: "satchel cleanup --older-than 0 tries again"
            )
        }
        (rows, taken) = ([], 0)
    }

    // MARK: - Files

    private mutating func upload(_ canary: Canary) async throws -> RemoteFile? {
        let name = canary.media.isImage ? "upload of a picture" : "upload"
        let digest = workspace.hashing.digest(of: canary.bytes)
        let label = uploadLabel(
            for: canary.path,
            digest: digest,
            media: canary.media,
            traits: traits,
            mark: UploadMark()
        )
        let upload = Upload(
            digest: digest,
            size: Int64(canary.bytes.count),
            media: canary.media,
            name: label.name,
            mime: label.mime,
            // Should it be left behind, it goes by itself as soon as the provider allows.
            expiresAfter: traits.nativeExpiry(for: .session),
            source: canary.source
        )
        let intent = Manifest.Intent(digest: digest, size: upload.size, media: canary.media, uploadName: label.name)
        let row = try await workspace.manifest.beginUploads([intent], in: connection.id, at: workspace.now())[0]
        rows.append(row)
        let result = await provider.upload([upload])[0]
        switch result {
        case .success(let file):
            taken += 1
            let end = Manifest.UploadEnd.ready(row: row, file, ledgerPath: canary.path)
            try await workspace.manifest.finishUploads([end], at: workspace.now())
            note(name, true, "\(label.mime), \(canary.bytes.count) bytes, as \(file.id)")
            return file
        case .failure(let error):
            let end: Manifest.UploadEnd =
                error.mayHaveLeftCopy
                ? .doubtful(row: row, error: error.message) : .failed(row: row, error: error.message)
            try await workspace.manifest.finishUploads([end], at: workspace.now())
            note(name, false, "\(error)", hint: "see the message; satchel doctor looks at key and address")
            return nil
        }
    }

    private mutating func checkExpiry(of file: RemoteFile) {
        let left = file.expiresAt.map { $0.timeIntervalSince(file.createdAt ?? workspace.now()) }
        let wanted: Int64
        switch traits.expiry {
        case .none:
            note("expiry", true, "not offered: copies stay until they are deleted")
            return
        case .settable(let range): wanted = range.lowerBound
        case .fixed(let seconds): wanted = seconds
        }
        guard let left else {
            note(
                "expiry",
                false,
                "asked for \(spelledDuration(wanted)), and the server names no end",
                hint: "copies stay there until satchel cleanup deletes them"
            )
            return
        }
        // Clocks differ by seconds, and some servers count from when they answer.
        let isHonoured = abs(left - Double(wanted)) <= 120
        note(
            "expiry",
            isHonoured,
            isHonoured
                ? "honoured: \(spelledDuration(wanted))"
                : "asked for \(spelledDuration(wanted)), and the server says \(spelledDuration(Int64(left)))",
            hint: "satchel believes what the server says"
        )
    }

    private mutating func checkListing(of file: RemoteFile) async {
        do {
            var cursor: String?
            for _ in 0..<20 {
                let page = try await provider.list(after: cursor)
                if page.files.contains(where: { $0.id == file.id }) {
                    note("listing", true, "has the canary")
                    return
                }
                guard let next = page.next else { break }
                cursor = next
            }
            let isThere = try await provider.retrieve(file.id) != nil
            note(
                "listing",
                false,
                isThere
                    ? "does not have the canary, which is there"
                    : "does not have the canary, and asking for it finds nothing",
                hint: "after a lost answer satchel cannot find its copy here, and may upload twice"
            )
        } catch {
            note("listing", false, "\(error)", hint: "after a lost answer satchel cannot look for its copy here")
        }
    }

    // MARK: - Chat

    /// Asks for the canary's secret, by its id or with its bytes in the question.
    private mutating func ask(_ canary: Canary, by id: RemoteFileID?, capability: String) async {
        guard let model = connection.model, let modelName = connection.modelName else {
            note(capability, true, "not tried: no model is configured", hint: "name one with -m")
            return
        }
        let path = canary.path.description
        let part: ChatRequest.Part
        switch (id, canary.media.isImage) {
        case (let id?, true): part = .image(id, path: path, media: canary.media)
        case (let id?, false): part = .file(id, path: path, media: canary.media)
        case (nil, true): part = .inlineImage(path: path, media: canary.media, bytes: canary.bytes)
        case (nil, false): part = .inlineText(path: path, text: String(decoding: canary.bytes, as: UTF8.self))
        }
        let request = ChatRequest(
            model: modelName,
            turns: [ChatRequest.Turn(role: .user, parts: [part, .text(canary.question)])]
        )
        var answer = ""
        do {
            for try await event in model.stream(request) {
                switch event {
                case .text(let piece), .refusal(let piece): answer += piece
                case .usage(let usage): report.usage.add(usage)
                case .started, .reasoning, .status, .citation, .made, .toolCall, .finished: break
                }
            }
        } catch {
            note(capability, false, "\(error)", hint: "see the message; another model may take it")
            return
        }
        let how = id == nil ? "as part of the question" : "by its id"
        let shown = printable(answer.split(separator: "\n").joined(separator: " "))
        note(
            capability,
            canary.isSeen(in: answer),
            canary.isSeen(in: answer)
                ? "seen \(how)"
                : "NOT SEEN \(how): the request was taken, but the answer \"\(shown.prefix(80))\" has not what stands in it",
            hint: "do not trust answers about files from this account and model; try another model with -m"
        )
    }

    private mutating func note(_ name: String, _ isGood: Bool, _ detail: String, hint: String? = nil) {
        let hint = isGood && !detail.hasPrefix("not tried") ? nil : hint
        report.checks.append(DoctorCheck(name: "live \(name)", isGood: isGood, detail: detail, hint: hint))
    }
}

extension ChatUsage {
    /// What has no price adds none.
    fileprivate mutating func add(_ other: ChatUsage) {
        let price = other.cost.map { (cost ?? .zero).adding($0) } ?? cost
        self = self + other
        cost = price
    }
}
