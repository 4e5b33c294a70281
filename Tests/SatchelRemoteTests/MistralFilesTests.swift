import FoundationEssentials
import SatchelCore
import SatchelTestSupport
@testable import SatchelRemote
import Testing

/// What only Mistral's Files API has.
@Suite(.timeLimit(.minutes(2)))
struct MistralFilesTests {
    private func withMistral(
        _ change: (inout MistralOptions) -> Void = { _ in },
        base: String = "",
        _ body: (MistralFiles, LoopbackMistral) async throws -> Void
    ) async throws {
        var options = MistralOptions()
        options.looksInside = false
        change(&options)
        try await LoopbackMistral.with(options) { server in
            let endpoint = try Endpoint(baseURL: server.baseURL + base, key: Secret(server.key))
            try await body(MistralFiles(endpoint, client: HTTPClient(), hashing: IndependentHashing()), server)
            #expect(server.server.flaws.isEmpty)
        }
    }

    private func pdf(_ text: String, named stem: String = "notes.0011223344556677") -> Upload {
        Backend.mistral.upload(Array(text.utf8), named: stem)
    }

    @Test(arguments: ["", "/v1", "/v1/"]) func theBaseURLMayHaveTheVersionInIt(base: String) async throws {
        try await withMistral(base: base) { files, server in
            let stored = try await send(pdf("a"), to: files)
            try await files.delete(stored.id)
            #expect(try await everything(in: files).isEmpty)
            #expect(server.server.requests.allSatisfy { $0.path.hasPrefix("/v1/files") })
        }
    }

    @Test func anUploadIsForReadingAndSaysNothingOfItsEnd() async throws {
        try await withMistral { files, server in
            var upload = pdf("abc")
            upload.expiresAfter = 3600
            let stored = try await send(upload, to: files)
            let form = try #require(server.server.requests("POST /v1/files").first).form()
            #expect(form.parts.map(\.name) == ["visibility", "purpose", "file"])
            #expect(form.parts.map(\.text) == ["workspace", "ocr", "abc"])
            #expect(form["file"]?.contentType == "application/pdf")
            let life = try #require(stored.expiresAt).timeIntervalSince(try #require(stored.createdAt))
            #expect(life == 30 * 86400)
        }
    }

    @Test func anEndThatTheReplyNamesIsBelieved() async throws {
        try await withMistral({ ($0.saysExpiry, $0.retention) = (true, 86400) }) { files, _ in
            let stored = try await send(pdf("a"), to: files)
            let seen = try #require(try await files.retrieve(stored.id))
            for file in [stored, seen] {
                let life = try #require(file.expiresAt).timeIntervalSince(try #require(file.createdAt))
                #expect(life == 86400)
            }
        }
    }

    @Test func whatTheProviderDoesNotTakeIsSaidInItsWords() async throws {
        try await withMistral({ $0.looksInside = true }) { files, server in
            let error = await #expect(throws: ProviderError.self) {
                try await send(upload(Array("text".utf8)), to: files)
            }
            #expect(error?.kind == .rejected)
            #expect(error?.message.contains("422 from 127.0.0.1: Received file with mimetype text/plain") == true)
            #expect(server.uploadCount == 0)
        }
    }

    @Test func aServerThatRepeatsItsFirstPageIsNotAskedForEver() async throws {
        try await withMistral({ ($0.repeatsPages, $0.maxPage) = (true, 10) }) { files, server in
            _ = await files.upload((0..<25).map { pdf("\($0)") })
            let listed = try await everything(in: files)
            #expect(listed.count == 10)
            #expect(server.server.requests("GET /v1/files").count == 2)
        }
    }

    @Test func theLastPageIsKnownByTheCount() async throws {
        try await withMistral({ $0.maxPage = 10 }) { files, server in
            _ = await files.upload((0..<20).map { pdf("\($0)") })
            let listed = try await everything(in: files)
            #expect(listed.count == 20)
            #expect(server.server.requests("GET /v1/files").compactMap { $0.query("page") } == ["0", "1"])
        }
    }

    @Test func deletedFilesThatAreStillDescribedAreNotThere() async throws {
        try await withMistral({ $0.keepsDeleted = true }) { files, _ in
            let first = try await send(pdf("one"), to: files)
            let second = try await send(pdf("two"), to: files)
            try await files.delete(first.id)
            let seen = try await files.retrieve(first.id)
            #expect(seen == nil)
            #expect(try await everything(in: files).map(\.id) == [second.id])
            let found = try await files.find(uploadName: first.name, size: 3, createdAfter: .distantPast)
            #expect(found?.id == second.id)
        }
    }

    @Test(arguments: [true, false], [true, false])
    func aLostCopyIsFoundHoweverTheListingIsSorted(searchFinds: Bool, oldestFirst: Bool) async throws {
        try await withMistral({ ($0.searchFinds, $0.listsOldestFirst) = (searchFinds, oldestFirst) }) { files, server in
            let before = Date()
            _ = await files.upload((0..<120).map { pdf("\($0)", named: "other.\($0)") })
            let stored = try await send(pdf("me", named: "me.0011223344556677"), to: files)
            server.server.forgetRequests()
            let found = try await files.find(uploadName: stored.name, size: 2, createdAfter: before)
            #expect(found?.id == stored.id)
            let pages = searchFinds ? 1 : oldestFirst ? 3 : 2
            #expect(server.server.requests("GET /v1/files").count == pages)
            let tooOld = try await files.find(
                uploadName: stored.name,
                size: 2,
                createdAfter: Date(timeIntervalSinceNow: 60)
            )
            #expect(tooOld == nil)
        }
    }

    @Test func anIDThatIsNoUUIDIsRefusedAndNotGone() async throws {
        try await withMistral { files, _ in
            let id = try #require(RemoteFileID("file-abc"))
            let error = await #expect(throws: ProviderError.self) { try await files.delete(id) }
            #expect(error?.kind == .rejected)
            #expect(error?.message == "422 from 127.0.0.1: path.file_id: Input should be a valid UUID")
            #expect(error?.requestID != nil)
        }
    }

    @Test func documentsInZipContainersGoAsWhatTheyAre() async throws {
        try await withMistral({ $0.looksInside = true }) { files, server in
            let bytes = [0x50, 0x4b, 0x03, 0x04] as [UInt8]
            for name in ["letter.docx", "talk.pptx", "book.epub", "letter.odt"] {
                let path = try #require(WorkspacePath(name))
                #expect(files.traits.refusal(of: .zip, size: 4, at: path) == nil)
                var upload = upload(bytes)
                (upload.media, upload.size) = (.zip, 4)
                let label = uploadLabel(
                    for: path,
                    digest: upload.digest,
                    media: .zip,
                    traits: files.traits,
                    mark: UploadMark()
                )
                (upload.name, upload.mime) = (label.name, label.mime)
                _ = try await send(upload, to: files)
            }
            #expect(server.uploadCount == 4)
            for name in ["table.xlsx", "old.zip"] {
                let path = try #require(WorkspacePath(name))
                #expect(files.traits.refusal(of: .zip, size: 4, at: path) == .unsupported(.zip))
            }
            let path = try #require(WorkspacePath("main.swift"))
            #expect(files.traits.refusal(of: .text, size: 4, at: path) == .inlined(.text))
        }
    }
}
