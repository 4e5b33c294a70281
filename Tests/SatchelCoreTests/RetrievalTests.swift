import SatchelCore
import SatchelTestSupport
import Testing

/// Which files are found by a question's words, and which of them are chosen.
@Suite struct RetrievalTests {
    private func terms(_ text: String) -> [String] {
        SearchTerms(text).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test(arguments: [
        ("parseHTTPHeader", ["parsehttpheader", "parse", "http", "header"]),
        ("curl_path", ["curlpath", "curl", "path"]), ("plain", ["plain"]),
        ("sha256sum", ["sha256sum", "sha", "256", "sum"]),
        ("__init__", ["init"]), ("a.b-c", ["a", "b", "c"]), ("", []), ("___ .", []), ("Grüße", ["grüße"]),
    ])
    func identifiersAreSplitWherePeopleReadWords(_ text: String, _ expected: [String]) {
        #expect(terms(text) == expected)
    }

    @Test func aQuestionIsAskedByItsTellingWords() {
        #expect(questionTerms("Where are the retries counted, and how?") == ["retries", "counted"])
        #expect(questionTerms("what is it?") == ["what", "is", "it"])
        #expect(questionTerms("retry retry Retry") == ["retry"])
    }

    @Test(arguments: [
        ("public static func send(_ x: Int) {", "send"), ("    def tick(self):", "tick"), ("class Tide:", "tide"),
        ("#define MAX_TIDES 4", "maxtides max tides"), ("## Spring tides", "spring tides"),
        ("static int http_read(struct x *y)", "httpread http read"), ("pub async fn go<T>(x: T)", "go"),
        ("export default function main() {", "main"), ("  call(something)", ""), ("call(something);", ""),
        ("# include <x.h>", "include x h"),
    ])
    func namesThatAreDefinedAreKnown(_ line: String, _ symbols: String) throws {
        let path = try #require(WorkspacePath("a/Name.x"))
        #expect(IndexedText(path: path, content: Array(line.utf8)).symbols == symbols)
        #expect(IndexedText(path: path, content: []).path == "a name x")
    }

    @Test func whatIsSaidOverAndOverCountsFiveTimes() throws {
        let path = try #require(WorkspacePath("a"))
        let text = String(repeating: "tide ", count: 40)
        #expect(IndexedText(path: path, content: Array(text.utf8)).body == String(repeating: "tide ", count: 5))
    }

    @Test func manyDifferentTermsAreCountedApart() throws {
        let path = try #require(WorkspacePath("a"))
        let letters: [UInt8] = Array("abcdefghijklmnopqrst".utf8)
        var words: [UInt8] = []
        for first in letters {
            for second in letters {
                for third in letters { words += [first, second, third, UInt8(ascii: " ")] }
            }
        }
        let body = IndexedText(path: path, content: words + words).body
        #expect(body.split(separator: " ").count == 16_000)
    }

    private func candidate(_ path: String, _ relevance: Double, size: Int64 = 400) throws -> FileCandidate {
        FileCandidate(
            path: try #require(WorkspacePath(path)),
            digest: try #require(ContentDigest(hex: "\(independentDigest(of: Array(path.utf8)))")),
            size: size,
            relevance: relevance
        )
    }

    private func chosen(
        _ candidates: [FileCandidate],
        for terms: [String] = ["tide"],
        tokens: Int = 10_000,
        files: Int = 10
    ) -> [String] {
        choose(candidates, for: terms, under: AutoBudget(tokens: tokens, files: files)).picked.map(\.path.description)
    }

    @Test func theBestComeFirstAndWhatIsFarBehindIsLeftOut() throws {
        let all = [try candidate("b", 5), try candidate("a", 5), try candidate("c", 9), try candidate("d", 1)]
        #expect(chosen(all) == ["c", "a", "b"])
        #expect(chosen(all, files: 1) == ["c"])
    }

    @Test(arguments: ["tests/tide.c", "vendor/tide.c", "docs/tide.md", "CHANGES", "tide_test.go", "package-lock.json"])
    func whatIsRarelyMeantComesAfterWhatUsuallyIs(_ path: String) throws {
        #expect(chosen([try candidate(path, 10), try candidate("src/tide.c", 8)]) == ["src/tide.c", path])
    }

    @Test func aQuestionAboutTestsIsAnsweredByTests() throws {
        let all = [try candidate("tests/tide.c", 10), try candidate("src/tide.c", 8)]
        #expect(chosen(all, for: ["tests", "tide"]) == ["tests/tide.c", "src/tide.c"])
    }

    @Test func whatGoesBeyondTheBudgetIsLeftOutAndTold() throws {
        let all = [try candidate("big", 10, size: 8000), try candidate("a", 9), try candidate("b", 8)]
        let choice = choose(all, for: ["tide"], under: AutoBudget(tokens: 150, files: 10))
        #expect(choice.picked.map(\.path.description) == ["a"])
        #expect(choice.tooLarge.map(\.path.description) == ["big", "b"])
    }

    @Test(arguments: [
        ("docs/*.md", "docs"), ("*.md", ""), ("/src/**/x.c", "src"), ("a/b/c.txt", "a/b"), ("docs/", ""),
        ("/README.md", ""), ("!docs/*.md", ""), ("a/b*/c", "a"), ("**/x", ""),
    ])
    func aGlobLiesInAFolder(_ glob: String, _ folder: String) {
        #expect(globFolder(glob).lossyText == folder)
    }
}
