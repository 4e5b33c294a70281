/// Reading members of JSON objects as strictly as the provider does.
extension AnthropicWire {
    func check(_ members: [String: JSONValue], at place: String, allowed: Set<String>) throws(AnthropicFailure) {
        guard let stranger = members.keys.sorted().first(where: { !allowed.contains($0) }) else { return }
        throw .extra("\(place).\(stranger)")
    }

    func string(_ members: [String: JSONValue], _ name: String, at place: String) throws(AnthropicFailure) -> String {
        guard let value = members[name] else { throw .missing("\(place).\(name)") }
        guard let text = value.string else { throw .invalid("\(place).\(name)", "Input should be a valid string") }
        return text
    }

    func object(
        _ members: [String: JSONValue],
        _ name: String,
        at place: String
    ) throws(AnthropicFailure) -> [String: JSONValue] {
        guard let value = members[name] else { throw .missing("\(place).\(name)") }
        guard let inner = value.object else { throw .invalid("\(place).\(name)", "Input should be an object") }
        return inner
    }

    /// Seconds that `cache_control` of these members asks to be kept for; nil without it.
    func keptFor(_ members: [String: JSONValue], at place: String) throws(AnthropicFailure) -> Int64? {
        guard let control = members["cache_control"], !control.isNull else { return nil }
        guard let inner = control.object else { throw .invalid(place, "Input should be an object") }
        try check(inner, at: place, allowed: ["type", "ttl"])
        guard try string(inner, "type", at: place) == "ephemeral" else {
            throw .invalid("\(place).type", "Input should be 'ephemeral'")
        }
        switch inner["ttl"] {
        case nil, .string("5m"): return 300
        case .string("1h"): return 3600
        default: throw .invalid("\(place).ttl", "Input should be '5m' or '1h'")
        }
    }
}
