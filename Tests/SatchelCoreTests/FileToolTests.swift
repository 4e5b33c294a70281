import SatchelCore
import SatchelTestSupport
import Testing

struct FileToolTests {
    private let limits = FileToolLimits()

    private func request(_ name: String, _ arguments: String) throws(ToolRefusal) -> FileToolRequest {
        try FileToolRequest(ToolCall(id: "1", name: name, arguments: arguments), limits: limits)
    }

    private func text(_ lines: [String]) -> TextLines { TextLines(Array((lines.joined(separator: "\n") + "\n").utf8)) }

    // MARK: Arguments

    @Test func numbersMayBeWrittenInAnyWay() throws {
        for written in ["12", "12.0", "\"12\""] {
            let read = try request("read_file", #"{"path":"a","first_line":\#(written),"last_line":null,"new":[{}]}"#)
            #expect(read == .read("a", first: 12, last: nil))
        }
    }

    @Test func nothingIsAnEmptyObject() throws {
        #expect(try request("list_files", "") == .list(nil, glob: nil))
        #expect(try request("list_files", #"{"path":" ","glob":""}"#) == .list(nil, glob: nil))
    }

    @Test(arguments: [
        ("read_file", "{}"), ("read_file", "[]"), ("read_file", "null"), ("read_file", #"{"path":7}"#),
        ("read_file", #"{"path":"a","first_line":9,"last_line":3}"#), ("read_file", #"{"path":"a""#),
        ("search_files", #"{"query":"  "}"#), ("delete_file", #"{"path":"a"}"#), ("", "{}"),
        ("read_file", #"{"path":"a","first_line":1e300}"#),
    ])
    func whatIsNotUnderstoodIsRefusedInWords(_ name: String, _ arguments: String) {
        if name == "read_file", arguments.contains("1e300") {
            // Not a line number, so none was given.
            #expect(throws: Never.self) { try request(name, arguments) }
            return
        }
        #expect(throws: ToolRefusal.self) { try request(name, arguments) }
    }

    @Test func hugeAndDeepArgumentsAreRefused() {
        #expect(throws: ToolRefusal.self) {
            try request("search_files", #"{"query":"\#(String(repeating: "x", count: 20_000))"}"#)
        }
        #expect(throws: ToolRefusal.self) {
            try request("list_files", String(repeating: "[", count: 10_000))
        }
    }

    @Test func aLineSaysWhatWasAsked() throws {
        #expect(try request("search_files", #"{"query":"a\nb","path":"src"}"#).summary == "search_files \"a b\" in src")
        #expect(try request("read_file", #"{"path":"a","first_line":3}"#).summary == "read_file a:3-")
        #expect(try request("list_files", #"{"glob":"*.md"}"#).summary == "list_files *.md")
    }

    // MARK: Reading

    @Test func linesAreNumbered() throws {
        let part = try numbered(text(["a", "b\r", "c"]), of: "x", first: 2, last: nil, limits: limits)
        #expect(part.text == "x, lines 2 to 3 of 3:\n2\tb\n3\tc\n")
        #expect(part.shown == 2...3)
        #expect(throws: ToolRefusal.self) { try numbered(text(["a"]), of: "x", first: 2, last: nil, limits: limits) }
    }

    @Test func onlySoMuchIsReadAtATime() throws {
        let many = try numbered(
            text(Array(repeating: "x", count: 1000)),
            of: "x",
            first: nil,
            last: nil,
            limits: limits
        )
        #expect(many.shown == 1...400)
        #expect(many.text.contains("ask again from line 401"))
        let long = Array(repeating: String(repeating: "ü", count: 1000), count: 100)
        let wide = try numbered(text(long), of: "x", first: 5, last: nil, limits: limits)
        #expect(wide.text.utf8.count <= limits.readBytes + 200)
        let single = try numbered(
            text([String(repeating: "ü", count: 1 << 20)]),
            of: "x",
            first: 1,
            last: 1,
            limits: limits
        )
        #expect(single.text.utf8.count <= limits.readBytes)
        #expect(single.text.contains("(2097152 bytes)"))
    }

    // MARK: Searching

    @Test func smallLettersMatchCapitalsToo() {
        let lines = text(["let Settler = 1", "settle", "SETTLE", "other"])
        #expect(LineSearch("settle").hits(in: lines).map(\.line) == [1, 2, 3])
        #expect(LineSearch("Settle").hits(in: lines).map(\.line) == [1])
        #expect(LineSearch("größe").hits(in: text(["Größe", "GRÖSSE"])).map(\.line) == [1])
    }

    @Test func aLineIsFoundOnceAndNeverBeyondTheEnd() {
        #expect(LineSearch("aa").hits(in: text(["aaaa", "a"])).map(\.line) == [1])
        #expect(LineSearch("abc").hits(in: TextLines(Array("ab".utf8))).isEmpty)
        #expect(LineSearch("b").hits(in: TextLines(Array("a\nb".utf8))).map(\.line) == [2])
        #expect(LineSearch("x").hits(in: TextLines([])).isEmpty)
    }

    @Test func declarationsAndWholeWordsComeFirst() throws {
        func found(_ name: String, _ lines: [String]) throws -> FoundLines {
            let text = text(lines)
            return FoundLines(
                path: try #require(WorkspacePath(name)),
                digest: independentDigest(of: text.bytes),
                text: text,
                hits: LineSearch("plan").hits(in: text)
            )
        }
        let files = try [
            found("a", ["explanation"]), found("b", ["a plan"]), found("c", ["  func plan() {"]), found("d", ["plan"]),
        ]
        #expect(ranked(files).map { "\($0.path)" } == ["c", "b", "d", "a"])
    }

    @Test func placesAreShownWithTheLinesAroundThem() throws {
        let lines = text((1...20).map { [3, 5, 15].contains($0) ? "hit \($0)" : "line \($0)" })
        let digest = independentDigest(of: lines.bytes)
        let path = try #require(WorkspacePath("a.txt"))
        let file = FoundLines(path: path, digest: digest, text: lines, hits: LineSearch("hit").hits(in: lines))
        let part = excerpts(of: [file], limits: limits)
        #expect(part.shown.map { [$0.first, $0.last] } == [[1, 7], [13, 17]])
        #expect(part.text.contains("a.txt:3\n  1\tline 1\n  2\tline 2\n> 3\thit 3\n  4\tline 4\n> 5\thit 5\n"))
        #expect(part.text.contains("a.txt:15\n"))
    }

    @Test func anAnswerShowsOnlySoManyPlaces() throws {
        let lines = text(Array(repeating: "x", count: 1000))
        let files = try (0..<50).map { index in
            FoundLines(
                path: try #require(WorkspacePath("f\(index)")),
                digest: independentDigest(of: lines.bytes),
                text: lines,
                hits: LineSearch("x").hits(in: lines)
            )
        }
        let part = excerpts(of: files, limits: limits)
        #expect(Set(part.shown.map(\.path)).count == 6)
        #expect(part.text.utf8.count < 16 << 10)
    }

    // MARK: Listing

    @Test func manyFilesAreListedByFolder() throws {
        var files: [(path: WorkspacePath, size: Int64)] = []
        for index in 0..<300 { files.append((try #require(WorkspacePath("src/\(index % 3)/\(index).txt")), 1)) }
        files.append((try #require(WorkspacePath("src/README.md")), 7))
        let folder = try #require(WorkspacePath("src"))
        let all = listing(of: files, below: folder, isNarrowed: false, limits: limits)
        #expect(all.text.hasPrefix("301 files, by folder"))
        #expect(all.text.contains("src/1/\t100 files\n") && all.text.contains("src/README.md\t7 bytes\n"))
        let narrowed = listing(of: files, below: folder, isNarrowed: true, limits: limits)
        #expect(narrowed.text.split(separator: "\n").count == 202)
        #expect(narrowed.text.contains("and 101 more"))
    }

    @Test func aBeginningEndsBetweenCharacters() {
        #expect(beginning(of: "aüb", bytes: 2) == "a")
        #expect(beginning(of: "aüb", bytes: 3) == "aü")
        #expect(beginning(of: "abc", bytes: 3) == "abc")
        #expect(beginning(of: "abc", bytes: 0).isEmpty)
    }
}
