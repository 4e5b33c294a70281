/// The tools of a conversation as a provider sees them: what is offered, and which calls wait for their results.
///
/// Every provider refuses a call without its result and a result without its call, each in its own words.
struct ToolTalk {
    struct Flaw: Error {
        var message: String
    }

    /// Names of the tools that the request offers.
    var offered: Set<String> = []
    /// False where the request forbids them for this answer.
    var mayCall = true
    /// What the tools said since the last question.
    private(set) var said: [String] = []
    private var waiting: [String] = []

    mutating func called(_ id: String) throws(Flaw) {
        guard !waiting.contains(id) else { throw Flaw(message: "call \(id) is there twice") }
        waiting.append(id)
    }

    mutating func brought(_ text: String, for id: String) throws(Flaw) {
        guard let place = waiting.firstIndex(of: id) else {
            throw Flaw(message: "No tool call found for function call output with call_id \(id).")
        }
        waiting.remove(at: place)
        said.append(text)
    }

    /// Something else follows, or nothing.
    func settle() throws(Flaw) {
        guard let id = waiting.first else { return }
        throw Flaw(message: "No tool output found for function call \(id).")
    }

    mutating func asked() throws(Flaw) {
        try settle()
        said = []
    }

    /// A call that the provider identifies by its place only; nil when none waits.
    var first: String? { waiting.first }

    /// The definition's name, when it is what every provider wants of one.
    static func name(_ name: JSONValue?, _ description: JSONValue?, _ schema: JSONValue?) throws(Flaw) -> String {
        guard let name = name?.string, (1...64).contains(name.utf8.count),
            name.utf8.allSatisfy({
                $0 == 0x5f || $0 == 0x2d || (0x30...0x39).contains($0) || (0x61...0x7a).contains($0 | 0x20)
            })
        else { throw Flaw(message: "Invalid tool name") }
        guard description?.string?.isEmpty == false else { throw Flaw(message: "Tool \(name) has no description") }
        guard schema?["type"]?.string?.lowercased() == "object", let properties = schema?["properties"]?.object else {
            throw Flaw(
                message: "Invalid schema for function '\(name)': schema must be a JSON Schema of 'type: \"object\"'"
            )
        }
        for required in schema?["required"]?.array ?? [] {
            guard let word = required.string, properties[word] != nil else {
                throw Flaw(message: "Invalid schema for function '\(name)': '\(required)' is required and not there")
            }
        }
        return name
    }
}
