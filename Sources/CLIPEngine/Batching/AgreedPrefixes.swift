internal import CLIPModels
internal import Synchronization

/// What the threads of one pass read and fill of prefixes, on which all have to agree.
final class AgreedPrefixes: Sendable {
    private let use = Mutex<PrefixUse?>(nil)

    /// What was agreed; nil if no thread has asked.
    var chosen: PrefixUse? { use.withLock { $0 } }

    /// What the first thread that asked has got; the others wait for it.
    func agreed(by choose: () -> PrefixUse) -> PrefixUse {
        use.withLock { use in
            if let use { return use }
            let chosen = choose()
            use = chosen
            return chosen
        }
    }
}
