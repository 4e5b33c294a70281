/// Something that a model may ask this program to do for it.
package struct ChatTool: Hashable, Sendable {
    package var name: String
    /// For the model: what it brings and when to use it.
    package var description: String
    /// A JSON schema of an object, as JSON text.
    package var parameters: String

    package init(name: String, description: String, parameters: String) {
        self.name = name
        self.description = description
        self.parameters = parameters
    }
}

/// A model asks for a tool.
package struct ToolCall: Hashable, Sendable {
    /// What its result refers to; made up where the provider names none.
    package var id: String
    package var name: String
    /// JSON text as the model wrote it: it may be anything.
    package var arguments: String
    /// What the provider wants back with the call, unchanged: signed or encrypted thoughts.
    package var opaque: [String]

    package init(id: String, name: String, arguments: String, opaque: [String] = []) {
        self.id = id
        self.name = name
        self.arguments = arguments
        self.opaque = opaque
    }
}

/// What a tool brought.
package struct ToolResult: Hashable, Sendable {
    /// Of the call.
    package var id: String
    package var name: String
    package var text: String
    package var isError: Bool

    package init(id: String, name: String, text: String, isError: Bool = false) {
        self.id = id
        self.name = name
        self.text = text
        self.isError = isError
    }
}
