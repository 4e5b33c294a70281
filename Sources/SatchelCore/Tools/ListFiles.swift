/// Files as one call may list them: each with its size, or folders with counts where there are too many.
///
/// - Parameters:
///   - files: in byte order, those that are meant, with their sizes in bytes.
///   - folder: where the listing begins.
///   - isNarrowed: whether a glob chose them; then they are never summed up.
///   - limits: how many.
/// - Returns: what the model is told, and a few words for the user.
package func listing(
    of files: [(path: WorkspacePath, size: Int64)],
    below folder: WorkspacePath,
    isNarrowed: Bool,
    limits: FileToolLimits
) -> ToolOutcome {
    let count = files.count == 1 ? "1 file" : "\(files.count) files"
    guard files.count > limits.entries, !isNarrowed else {
        var text = "\(count):\n"
        for file in files.prefix(limits.entries) { text += "\(file.path)\t\(file.size) bytes\n" }
        let left = files.count - limits.entries
        if left > 0 { text += "… and \(left) more; ask for a folder or a narrower glob\n" }
        return ToolOutcome(text: text, summary: count)
    }
    var order: [String] = []
    var inside: [String: Int] = [:]
    var own: [(path: WorkspacePath, size: Int64)] = []
    for file in files {
        let rest = file.path.bytes.dropFirst(folder.isRoot ? 0 : folder.bytes.count + 1)
        guard let slash = rest.firstIndex(of: UInt8(ascii: "/")) else {
            own.append(file)
            continue
        }
        let name = escaped(file.path.bytes[..<slash])
        if inside[name] == nil { order.append(name) }
        inside[name, default: 0] += 1
    }
    var lines = order.map { "\($0)/\t\(inside[$0] ?? 0) files" }
    lines += own.map { "\($0.path)\t\($0.size) bytes" }
    var text = "\(count), by folder; ask for one of them or with a glob:\n"
    for line in lines.prefix(limits.entries) { text += line + "\n" }
    let left = lines.count - limits.entries
    if left > 0 { text += "… and \(left) more\n" }
    return ToolOutcome(text: text, summary: "\(count) in \(order.count) folders")
}
