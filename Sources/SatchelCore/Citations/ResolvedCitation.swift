/// A place that an answer refers to, in the very version that its thread was shown, and whether the words are there.
package struct ResolvedCitation: Hashable, Sendable {
    /// Who says that the answer is based on it.
    package enum Origin: String, Hashable, Sendable {
        /// The provider told it beside the answer.
        case provider
        /// It stands in the answer as a quotation.
        case quote
    }

    /// What a look at the bytes found.
    package enum Finding: String, Hashable, Sendable {
        /// The words are where they are said to be.
        case found
        /// They are in a shown file, but elsewhere than was said.
        case moved
        /// They are in no shown file.
        case notFound = "not_found"
        /// There are no words to look for, or no text to look in.
        case unchecked
    }

    package var origin: Origin
    /// Code points of the answer before it.
    package var offset: Int
    package var file: ShownFile?
    /// From 1.
    package var lines: ClosedRange<Int>?
    /// From 1, of a document that has pages.
    package var page: Int?
    package var quote: String?
    package var finding: Finding
    /// What the provider calls the source, where it is no shown file.
    package var name: String?
    package var url: String?

    package init(origin: Origin, offset: Int, finding: Finding) {
        self.origin = origin
        self.offset = offset
        self.finding = finding
    }

    /// The same place, whatever place of the answer refers to it.
    package func isSamePlace(as other: ResolvedCitation) -> Bool {
        var copy = other
        copy.offset = offset
        return self == copy
    }
}
