/// The candidate that was probably meant by `name`; nil when none is near.
///
/// Case, `-` against `_` and a capital in the middle do not count; one letter in three may be wrong, left out, doubled
/// or swapped with its neighbour. Failing that, a candidate that has all the words of `name` is near.
func nearestName(to name: String, among candidates: some Sequence<String>) -> String? {
    let wanted = folded(name)
    guard wanted.count <= 64 else { return nil }
    var best: (name: String, distance: Int)?
    for candidate in candidates {
        let distance = editDistance(wanted, folded(candidate))
        if distance <= max(1, wanted.count / 3), distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    if let best { return best.name }
    let wantedWords = words(of: name)
    // The one that says least beside it: `max_file_size` before `keep.max_file_size`.
    return candidates.filter { words(of: $0).isSuperset(of: wantedWords) }
        .min { words(of: $0).count < words(of: $1).count }
}

private func words(of name: String) -> Set<Substring> {
    Set(name.lowercased().split { $0 == "_" || $0 == "-" || $0 == "." })
}

/// `maxFileSize`, `max-file-size` and `MAX_FILE_SIZE` as the letters of `max_file_size`.
private func folded(_ name: String) -> [Character] {
    Array(name.lowercased().filter { $0 != "_" && $0 != "-" })
}

/// Letters to change, add, remove or swap with the next one to make one word of the other.
private func editDistance(_ left: [Character], _ right: [Character]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for row in left.indices {
        var current = [row + 1]
        for column in right.indices {
            let isSame = left[row] == right[column]
            var cost = min(last[column] + (isSame ? 0 : 1), last[column + 1] + 1, current[column] + 1)
            if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                cost = min(cost, beforeLast[column - 1] + 1)
            }
            current.append(cost)
        }
        beforeLast = last
        last = current
    }
    return last[right.count]
}
