import FoundationEssentials
import SatchelTestSupport
import Testing

extension RunningSatchel {
    /// Makes a workspace with these files and an account at a provider, in step with it or not yet.
    static func initialised(
        _ files: [RawBytes: RawBytes] = [:],
        environment: [String: String] = [:],
        _ body: (RunningSatchel) async throws -> Void
    ) async throws {
        try await RunningSatchel.with(files, environment: environment) { satchel in
            try await satchel.run(["init", "--quiet"]).check()
            // The example configuration would be one more file in every sum.
            satchel.workspace.remove("satchel.yaml")
            try await body(satchel)
        }
    }

    /// Runs a command with `--json` and reads its one document.
    ///
    /// - Parameters:
    ///   - arguments: without `--json`.
    ///   - status: the exit code that is expected.
    ///   - stdin: what it can read.
    /// - Returns: the document in the type that is wanted.
    func document<Document: Decodable>(
        _ arguments: [String],
        status: Int32 = 0,
        stdin: String? = nil
    ) async throws -> Document {
        let finished = try await run(arguments + ["--json"], stdin: stdin).check(status)
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do {
            return try decoder.decode(Document.self, from: Data(finished.stdoutBytes))
        } catch {
            throw UnreadableDocument(error: error, process: finished)
        }
    }

    /// Syncs, with the sums that must add up.
    @discardableResult
    func sync(_ arguments: String..., status: Int32 = 0) async throws -> SyncDocument {
        let document: SyncDocument = try await document(["sync"] + arguments, status: status)
        #expect(document.summary.addsUp, "\(document.summary)")
        return document
    }

    func list(_ paths: String...) async throws -> ListDocument { try await document(["ls"] + paths) }

    func status(_ arguments: String...) async throws -> StatusDocument {
        try await document(["status"] + arguments)
    }

    func why(_ path: String, status: Int32 = 0) async throws -> WhyDocument {
        try await document(["why", path], status: status)
    }

    @discardableResult
    func cleanup(_ arguments: String..., status: Int32 = 0) async throws -> CleanupDocument {
        try await document(["cleanup"] + arguments, status: status)
    }

    @discardableResult
    func chat(_ arguments: String..., status: Int32 = 0, stdin: String? = nil) async throws -> ChatDocument {
        try await document(["chat"] + arguments, status: status, stdin: stdin)
    }

    func failure(_ arguments: String..., status: Int32) async throws -> FailureDocument.Body {
        let document: FailureDocument = try await document(arguments, status: status)
        #expect(!document.ok)
        return document.error
    }
}

struct UnreadableDocument: Error, CustomStringConvertible {
    let error: any Error
    let process: FinishedProcess
    var description: String { "\(error)\n\(process)" }
}
