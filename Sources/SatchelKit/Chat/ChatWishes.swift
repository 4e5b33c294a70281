package import SatchelCore

/// What one question asks for besides its words.
package struct ChatWishes: Hashable, Sendable {
    /// What the answer may cost; without a known price nothing is asked then.
    package var maxCost: Dollars?
    /// A JSON schema that the answer has to follow, as JSON.
    package var schema: String?
    /// Members of the request's body, JSON by name, such as `reasoning.effort`.
    package var options: [String: String] = [:]
    /// Whether quotations in the answer are looked up in the shown files.
    package var verifiesQuotes = false

    package init() {}
}
