package import SatchelCore
internal import SatchelManifest
internal import SatchelWorkspace

extension Workspace {
    /// Stops a chat before files that hold secrets are sent for it.
    ///
    /// - Parameters:
    ///   - files: whose bytes are about to leave.
    ///   - source: opens the bytes of one.
    ///   - notice: told what is sent although it holds a secret, where the gate only warns.
    /// - Throws: ``WorkspaceError`` with the place of each secret; ``ManifestError``.
    func stopAtSecrets(
        in files: [Manifest.ShownFile],
        source: (Manifest.ShownFile) -> any UploadSource,
        notice: (String) -> Void
    ) async throws {
        let contents = files.map { LeavingContent(path: $0.path, digest: $0.digest, source: source($0)) }
        let verdict = try await inspect(contents, remembers: true)
        var told: Set<ContentDigest> = []
        var places: [String] = []
        for file in files where told.insert(file.digest).inserted {
            if let error = verdict.unread[file.digest] {
                throw WorkspaceError(.cannotStart, "\(file.path): \(error.message); ask again")
            }
            places += secretPlaces(in: verdict.secrets[file.digest] ?? [], of: "\(file.path)")
        }
        try stop(at: places, notice: notice)
    }

    /// The words of a chat always leave, whatever is done with files: the question, those before it, the instructions,
    /// a schema and what is added to the request.
    func stopAtTypedSecrets(
        in question: ChatQuestion,
        after earlier: [Manifest.Message],
        notice: (String) -> Void
    ) throws {
        guard configuration.gate.mode != .off else { return }
        var texts = [("the question", question.prompt)]
        if let system = question.system ?? configuration.chat.system { texts.append(("the instructions", system)) }
        if let schema = question.wishes.schema { texts.append(("the schema", schema)) }
        try stopAtSecrets(inOptions: question.wishes.options, notice: notice)
        texts += earlier.filter { $0.role == .user }.map { ("an earlier question of this thread", $0.text) }
        for (name, text) in texts { try stopAtSecrets(in: text, called: name, notice: notice) }
    }

    /// Stops a request to which a secret would be added.
    func stopAtSecrets(inOptions options: [String: String], notice: (String) -> Void) throws {
        for (key, value) in options.sorted(by: { $0.key < $1.key }) {
            try stopAtSecrets(in: "\(key)=\(value)", called: "-o \(printable(key))", notice: notice)
        }
    }

    /// Stops a chat whose own words hold a secret.
    ///
    /// - Parameters:
    ///   - text: what was typed or piped.
    ///   - name: what it is called in messages.
    ///   - notice: told what is sent although it holds a secret.
    /// - Throws: ``WorkspaceError`` with the place of each secret.
    func stopAtSecrets(in text: String, called name: String, notice: (String) -> Void) throws {
        try stop(at: secretPlaces(in: inspect(text), of: name), notice: notice)
    }

    private func stop(at places: [String], notice: (String) -> Void) throws {
        guard !places.isEmpty else { return }
        if configuration.gate.mode == .warn {
            for place in places { notice("\(place): sent all the same, because gate.mode is warn") }
            return
        }
        throw WorkspaceError(
            .stoppedForSafety,
            "\(places.joined(separator: ", ")): a secret would be sent; take it out, or list the fingerprint under "
                + "gate.allow in satchel.yaml"
        )
    }
}

/// `path:line: kind (fingerprint …)` for each finding, the first few of them.
package func secretPlaces(in findings: [SecretFinding], of name: String) -> [String] {
    let shown = findings.prefix(5).map { "\(name):\($0.line): \($0.kind) (fingerprint \($0.fingerprint))" }
    return findings.count > 5 ? shown + ["\(name): \(findings.count - 5) more"] : shown
}
