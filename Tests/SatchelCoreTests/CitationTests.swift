import SatchelCore
import Testing

/// Finding the places of quotations, and quotations in answers.
@Suite struct CitationTests {
    private let text = QuotedText(Array("# Tea\n\nEarl Grey with\nbergamot, größer.\nOolong\n".utf8))

    @Test func wordsAreFoundWhereTheyAreSaidToBe() {
        // Code points, as providers count: the umlauts are one each.
        let found = text.locate("größer", at: 32..<38)
        #expect(found.lines == 4...4 && found.finding == .found)
    }

    @Test func wordsThatAreElsewhereHaveMoved() {
        let found = text.locate("Oolong", at: 0..<6)
        #expect(found.lines == 5...5 && found.finding == .moved)
    }

    @Test func wordsThatAreNowhereAreNotFound() {
        let found = text.locate("Darjeeling", at: 0..<10)
        #expect(found.lines == nil && found.finding == .notFound)
        #expect(text.locate("Oolong", at: 400..<406).finding == .moved)
    }

    @Test func whiteSpaceDoesNotCount() {
        let found = text.locate("  Earl Grey  with bergamot, ", at: nil)
        #expect(found.lines == 3...4 && found.finding == .found)
    }

    @Test func aPlaceWithoutWordsIsALineThatNobodyChecked() {
        let found = text.locate(nil, at: 7..<12)
        #expect(found.lines == 3...3 && found.finding == .unchecked)
        #expect(text.locate("", at: nil).lines == nil)
    }

    @Test func quotationsAreTakenWithWhatTheyClaim() {
        let answer = """
            See notes.md:12 for it.

            It says “the kettle boils at noon” in notes.md, and `a_rather_long_name` elsewhere.

            From src/main.swift:

            ```swift
            print(1)
            print(2)
            ```
            Short “words” are none.
            """
        let found = quotations(in: answer)
        #expect(found.map(\.text) == ["the kettle boils at noon", "a_rather_long_name", "print(1)\nprint(2)"])
        #expect(found[0].claims("docs/notes.md") && !found[0].claims("src/main.swift"))
        #expect(found[2].claims("src/main.swift") && !found[2].claims("notes.md"))
        let scalars = Array(answer.unicodeScalars)
        for quotation in found {
            let place = scalars[quotation.offset...].prefix(quotation.text.unicodeScalars.count)
            #expect(String(String.UnicodeScalarView(place)) == quotation.text)
        }
    }

    @Test func aNameInsideAnotherNameClaimsNothing() {
        let found = quotations(in: "In mynotes.md it says “the kettle boils at noon”.")
        #expect(found.count == 1 && !found[0].claims("notes.md"))
    }

    @Test(arguments: ["{}", "[1, 2.5, null, true]", "\"x\"", "3", " {\"a\": [{\"b\": \"]\"}]}\n"])
    func jsonIsJSON(_ text: String) { #expect(isJSON(text)) }

    @Test(arguments: ["", "{", "{} {}", "hello", "```json\n{}\n```", String(repeating: "[", count: 100_000)])
    func otherTextIsNone(_ text: String) { #expect(!isJSON(text)) }
}

/// Markdown on a terminal.
@Suite struct MarkdownStreamTests {
    private func shown(_ pieces: [String]) -> String {
        var stream = MarkdownStream()
        return pieces.map { stream.take($0) }.joined() + stream.finish()
    }

    private let sample = """
        # A *fine* title
        Some **strong** words, `code * here`, 2 * 3 * 4 and snake_case_name.

        - one
          * two
        > said
        1. first

        ```swift
        let a = "**not bold**"
        # no title
        ```
        The end \\*as it is\\*
        """

    @Test func aDocumentHasItsLooks() {
        let text = shown([sample])
        #expect(text.contains("\u{1b}[1mstrong\u{1b}[0m"))
        #expect(text.contains("\u{1b}[36mcode * here\u{1b}[0m"))
        #expect(text.contains("• one\n  • two"))
        #expect(text.contains("│ said"))
        #expect(text.contains("let a = \"**not bold**\"\n# no title"))
        #expect(text.contains("2 * 3 * 4 and snake_case_name."))
        #expect(text.contains("The end *as it is*"))
    }

    @Test(arguments: 1...9)
    func itDoesNotMatterHowItIsCut(_ length: Int) {
        var pieces: [String] = []
        var rest = sample[...]
        while !rest.isEmpty {
            pieces.append(String(rest.prefix(length)))
            rest = rest.dropFirst(length)
        }
        #expect(shown(pieces) == shown([sample]))
    }

    @Test(arguments: [
        "*", "**", "`", "```", "#", "- ", ">", "**open", "`open", "```\nopen", "a\\", "* * *\n", "***x***\n",
    ])
    func whatIsUnfinishedIsShown(_ text: String) {
        let result = shown([text])
        #expect(!result.hasSuffix("\u{1b}["))
        if text.contains("open") { #expect(result.contains("open")) }
    }

    @Test func aBlockOfCodeThatIsNotClosedEndsWithTheAnswer() {
        #expect(shown(["```\nlet a = 1"]).hasSuffix("let a = 1\u{1b}[0m"))
        var stream = MarkdownStream()
        _ = stream.take("```\nlet a")
        _ = stream.finish()
        #expect(stream.take(" = 1").hasPrefix("\u{1b}[36m"), "what comes behind something else is code again")
    }

    @Test func wordsAppearBeforeTheirLineIsComplete() {
        var stream = MarkdownStream()
        #expect(stream.take("The kettle ") == "The kettle ")
        #expect(stream.take("boils") == "boils")
    }
}
