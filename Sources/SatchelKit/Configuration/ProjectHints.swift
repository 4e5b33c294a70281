internal import Glibc

/// The template for a folder, with what is in it proposed; a folder that cannot be listed gets no proposals.
///
/// - Parameters:
///   - root: the workspace to be.
///   - environment: whether a provider's key is in it; keys themselves are not looked at further.
/// - Returns: the text of `satchel.yaml`.
package func configurationTemplate(forProjectAt root: String, environment: [String: String] = [:]) -> String {
    let variable = Configuration.keyVariables.first { environment[$0]?.isEmpty == false }
    return configurationTemplate(pins: proposedPins(among: fileNames(in: root)), variable: variable)
}

/// The names of a folder's entries that are UTF-8; none when it cannot be listed.
private func fileNames(in folder: String) -> [String] {
    guard let stream = opendir(folder) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
        let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
            String(validating: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        if let name { names.append(name) }
    }
    return names
}
