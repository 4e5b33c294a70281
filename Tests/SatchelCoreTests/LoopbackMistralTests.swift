import SatchelTestSupport
import Testing

struct LoopbackMistralTests {
    @Test func anUploadIsStoredListedRetrievedDownloadedAndDeleted() async throws {
        try await LoopbackMistral.with { mistral in
            let asking = Asking(mistral)
            let reply = try await asking.upload(named: "src/Report 1.pdf")
            #expect(reply.status == 200)
            var file = try #require(reply.json?.object)
            #expect(file["bytes"] == 14)
            #expect(file["filename"] == "src/Report 1.pdf")
            #expect(file["sample_type"] == "ocr_input")
            #expect(file["visibility"] == "workspace")
            #expect(file["expires_at"] == .null)
            let id = try #require(file["id"]?.string)
            #expect(id.split(separator: "-").map(\.count) == [8, 4, 4, 4, 12])
            #expect(
                try await asking.ask("GET /v1/files").json == ["object": "list", "data": [.object(file)], "total": 1]
            )
            file["deleted"] = false
            #expect(try await asking.ask("GET /v1/files/\(id)").json == .object(file))
            #expect(try await asking.ask("GET /v1/files/\(id)/content").text == "%PDF-1.7 alpha")
            #expect(try await asking.ask("DELETE /v1/files/\(id)").json?["deleted"] == true)
            for line in ["GET /v1/files/\(id)", "GET /v1/files/\(id)/content", "GET /v1/files/\(id)/url"] {
                #expect(try await asking.ask(line).json == ["detail": "Not Found"])
            }
            #expect(try await asking.ask("DELETE /v1/files/\(id)").status == 404)
            #expect(try await asking.ask("DELETE /v1/files/file-abc").status == 422)
            #expect(mistral.uploadCount == 1)
            #expect(mistral.deleteCount == 1)
        }
    }

    @Test(
        arguments: [
            ("a.txt", "text/plain", "alpha"), ("main.swift", "text/plain", "print(1)"), ("a.csv", "text/csv", "a,b"),
            ("a.md", "text/markdown", "# a"), ("a.zip", "application/zip", "PK\u{3}\u{4}"),
            ("a.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "PK\u{3}\u{4}"),
            ("a.pdf", "application/octet-stream", "%PDF-1.7"), ("a.pdf", "application/pdf", "no document"),
            ("a", nil, "%PDF-1.7"), ("a.pdf", "application/pdf", ""),
        ] as [(String, String?, RawBytes)]
    )
    func whatIsNoDocumentIsRefused(name: String, type: String?, bytes: RawBytes) async throws {
        try await LoopbackMistral.with { mistral in
            let reply = try await Asking(mistral).upload(bytes, named: name, type: type)
            #expect(reply.status == 422)
            #expect(reply.json?["detail"] == "Invalid file format.")
            #expect(reply.json?["message"]?.string?.contains("only application/pdf, image/.*, ") == true)
            #expect(mistral.uploadCount == 0)
        }
    }

    @Test(
        arguments: [
            ("a.pdf", nil, "%PDF-1.7"), ("a.png", "image/png", [0x89, 0x50, 0x4e, 0x47]),
            ("a.epub", "application/epub+zip", "PK\u{3}\u{4}"), ("a.ipynb", "application/x-ipynb+json", "{}"),
            (
                "a.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "PK\u{3}\u{4}"
            ),
        ] as [(String, String?, RawBytes)]
    )
    func documentsAndPicturesAreTaken(name: String, type: String?, bytes: RawBytes) async throws {
        try await LoopbackMistral.with { mistral in
            let reply = try await Asking(mistral).upload(bytes, named: name, type: type)
            #expect(reply.status == 200)
        }
    }

    @Test(arguments: [
        [], [("purpose", "anything")], [("purpose", "ocr"), ("colour", "red")],
        [("purpose", "ocr"), ("purpose", "ocr")],
        [("purpose", "ocr"), ("visibility", "world")], [("purpose", "ocr"), ("expiry", "soon")],
        [("purpose", "batch")],
    ])
    func anImproperUploadIsRefused(fields: [(String, String)]) async throws {
        try await LoopbackMistral.with { mistral in
            let reply = try await Asking(mistral).upload(fields: fields)
            #expect(reply.status == 422)
            #expect(reply.json?["detail"] != nil)
            #expect(mistral.uploadCount == 0)
        }
    }

    @Test func aFileIsGoneAfterThirtyDays() async throws {
        try await LoopbackMistral.with(store: LoopbackStore(clock: TestClock())) { mistral in
            mistral.options.saysExpiry = true
            let asking = Asking(mistral)
            let file = try #require(try await asking.upload().json)
            #expect(file["expires_at"]?.int == file["created_at"]?.int.map { $0 + 2_592_000 })
            let id = try #require(file["id"]?.string)
            mistral.store.clock.advance(by: 2_591_999)
            #expect(try await asking.ask("GET /v1/files/\(id)").status == 200)
            mistral.store.clock.advance(by: 1)
            #expect(try await asking.ask("GET /v1/files/\(id)").status == 404)
            #expect(try await asking.ask("GET /v1/files").json?["total"] == 0)
        }
    }

    @Test func aListingIsCutIntoNumberedPages() async throws {
        try await LoopbackMistral.with { mistral in
            let asking = Asking(mistral)
            var ids: [String] = []
            for name in ["a.pdf", "b.pdf", "c.pdf"] { ids.append(try await asking.uploadedID(named: name)) }
            let first = try #require(try await asking.ask("GET /v1/files?page=0&page_size=2&include_total=true").json)
            #expect(first["data"]?.array?.map { $0["id"]?.string } == [ids[2], ids[1]])
            #expect(first["total"] == 3)
            let second = try #require(try await asking.ask("GET /v1/files?page=1&page_size=2&include_total=false").json)
            #expect(second["data"]?.array?.map { $0["id"]?.string } == [ids[0]])
            #expect(second["total"] == nil)
            #expect(try await asking.ask("GET /v1/files?page=2&page_size=2").json?["data"] == [])
            #expect(try await asking.ask("GET /v1/files?search=b.p").json?["total"] == 1)
            for query in ["page=-1", "page=x", "page_size=0", "include_total=maybe", "after=x", "page=0&page=1"] {
                let reply = try await asking.ask("GET /v1/files?\(query)")
                #expect(reply.status == 422, "\(query)")
                #expect(reply.json?["detail"]?[0]?["loc"]?[0] == "query")
            }
        }
    }

    @Test func everyKeySeesItsOwnFilesOnly() async throws {
        try await LoopbackMistral.with { mistral in
            let id = try await Asking(mistral).uploadedID()
            let other = Asking(mistral, key: mistral.otherKey)
            #expect(try await other.ask("GET /v1/files/\(id)").status == 404)
            #expect(try await other.ask("GET /v1/files").json?["data"] == [])
            let wrong = try await Asking(mistral, key: "wrong").ask("GET /v1/files")
            #expect(wrong.status == 401)
            #expect(wrong.json == ["detail": "Unauthorized"])
        }
    }

    @Test func aFullWorkspaceTakesNoMore() async throws {
        try await LoopbackMistral.with { mistral in
            mistral.store.quota = 20
            let first = try await Asking(mistral).upload()
            #expect(first.status == 200)
            let second = try await Asking(mistral).upload()
            #expect(second.status == 403)
        }
    }

    @Test func aDeletedFileMayStillBeLookedUp() async throws {
        try await LoopbackMistral.with { mistral in
            mistral.options.keepsDeleted = true
            let asking = Asking(mistral)
            let id = try await asking.uploadedID()
            _ = try await asking.ask("DELETE /v1/files/\(id)")
            #expect(try await asking.ask("GET /v1/files/\(id)").json?["deleted"] == true)
            #expect(try await asking.ask("GET /v1/files").json?["data"]?[0]?["deleted"] == true)
            #expect(try await asking.ask("GET /v1/files/\(id)/url").status == 404)
        }
    }

    @Test(arguments: LoopbackRefusal.allCases)
    func refusalsHaveTheShapesOfTheProvider(refusal: LoopbackRefusal) async throws {
        try await LoopbackMistral.with { mistral in
            mistral.server.inject(mistral.refusing(refusal))
            let reply = try await Asking(mistral).ask("GET /v1/files")
            #expect(reply.status >= 400)
            #expect(reply.json?["detail"] != nil || reply.json?["object"] == "error")
            if case .rateLimited(let seconds) = refusal { #expect(reply.headers["retry-after"] == String(seconds)) }
        }
    }
}
