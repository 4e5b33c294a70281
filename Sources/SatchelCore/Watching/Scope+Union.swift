extension Scope {
    /// What either covers; everything when that would take more than `limit` paths.
    package func union(_ other: Scope, limit: Int) -> Scope {
        guard case .paths(let mine) = self, case .paths(let theirs) = other else { return .everything }
        guard mine != theirs else { return self }
        let both = Scope(mine + theirs)
        if case .paths(let paths) = both, paths.count > limit { return .everything }
        return both
    }
}
