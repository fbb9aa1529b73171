/// The merges that one file lists, for comparison with another file's.
struct MergeList {
    let file: String
    let merges: [(left: [UInt8], right: [UInt8])]

    func requireSame(as other: MergeList) throws(TokenizationError) {
        for (index, (one, two)) in zip(merges, other.merges).enumerated() where one != two {
            throw .differentMerges(file: file, other: other.file, number: index + 1)
        }
        guard merges.count == other.merges.count else {
            let number = min(merges.count, other.merges.count) + 1
            throw .differentMerges(file: file, other: other.file, number: number)
        }
    }
}

/// The tokens that one file lists, for comparison with another file's.
struct TokenList {
    let file: String
    let tokens: [(token: [UInt8], id: Int)]

    /// The tokens by id without special tokens, which some files list among the added ones.
    private var ordered: [(token: [UInt8], id: Int)] {
        tokens.filter { !VocabularyBuilder.isSpecial($0.token) }.sorted { $0.id < $1.id }
    }

    func requireSame(as other: TokenList) throws(TokenizationError) {
        let (ones, twos) = (ordered, other.ordered)
        for (one, two) in zip(ones, twos) where one != two {
            throw different(one.id <= two.id ? one.token : two.token, other)
        }
        guard ones.count != twos.count else { return }
        let longer = ones.count > twos.count ? ones : twos
        throw different(longer[min(ones.count, twos.count)].token, other)
    }

    private func different(_ token: [UInt8], _ other: TokenList) -> TokenizationError {
        .differentTokens(file: file, other: other.file, token: VocabularyBuilder.shown(token))
    }
}
