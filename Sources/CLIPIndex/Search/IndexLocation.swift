/// Where an index is, as `--index` names it: a file, or a database by its address.
package enum IndexLocation: Equatable, Sendable {
    case file(String)
    case database(PostgresAddress)

    /// - Throws: `address`.
    package init(_ name: String) throws(IndexError) {
        self = PostgresAddress.isAddress(name) ? .database(try PostgresAddress(name)) : .file(name)
    }

    /// Opens the index to be searched.
    package func opened() async throws(IndexError) -> OpenedIndex {
        switch self {
        case .file(let path): .file(try IndexFile.open(path))
        case .database(let address): .database(try await PostgresIndex.open(address))
        }
    }

    /// Opens the index to be looked through for duplicates, on the calling thread.
    package func duplicateSource() throws(IndexError) -> any DuplicateSource {
        switch self {
        case .file(let path): try IndexFile.open(path)
        case .database(let address): try PostgresDuplicates(address)
        }
    }

    /// Opens the index to be brought up to date with a model's vectors, and makes it where there is none.
    package func opened(for model: IndexedModel) async throws(IndexError) -> any IndexStore {
        switch self {
        case .file(let path): try IndexFile.open(path, for: model)
        case .database(let address): try await PostgresStore.open(address, for: model)
        }
    }
}

/// An index that was opened, before it is known on how many threads it is searched.
package enum OpenedIndex: Sendable {
    case file(IndexFile)
    case database(PostgresIndex)

    /// The model whose vectors it holds.
    package var model: IndexedModel {
        switch self {
        case .file(let file): file.model
        case .database(let index): index.model
        }
    }

    /// The same for as long as a server runs: another file in the place of this one is opened then.
    package func followed(threads: Int) throws(IndexError) -> any SearchableIndex {
        switch self {
        case .file(let file): try FollowedIndex(file.path, threads: threads)
        case .database(let index): index
        }
    }

    /// - Parameter threads: that a search takes; a database has its own.
    package func searchable(threads: Int) -> any SearchableIndex {
        switch self {
        case .file(let file): ImageIndex(file, threads: threads)
        case .database(let index): index
        }
    }
}
