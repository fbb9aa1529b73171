internal import CLIPFiles

/// What lies in shards, one shard after the other.
struct BulkItems {
    enum Step {
        case begin(Shard)
        case item(BulkItem)
        /// The shard is over: so many pictures were passed over, and this has ended its archive before its end.
        case end(passedOver: Int, ArchiveError?)
    }

    private enum Place {
        case between
        case archive(ArchiveSamples)
        case files(ArraySlice<ListedFile>)
        case unopened(ArchiveError)
    }

    private let nextShard: () -> Shard?
    private let wanted: String?
    private let mostBytes: Int
    private var place = Place.between
    /// How many shards were begun; the number of the present one, counted from 1.
    private(set) var begun = 0

    init(wanted: String?, mostBytes: Int, nextShard: @escaping () -> Shard?) {
        (self.nextShard, self.wanted, self.mostBytes) = (nextShard, wanted, mostBytes)
    }

    /// nil where there are no more shards.
    mutating func next() -> Step? {
        switch place {
        case .between:
            guard var shard = nextShard() else { return nil }
            begun += 1
            switch shard.content {
            case .files(let files): place = .files(files[...])
            case .archive(let path):
                do throws(ArchiveError) {
                    let stream = try ArchiveStream(path: path)
                    shard.look = stream.look
                    place = .archive(
                        ArchiveSamples(TarReader(stream), wanted: wanted, mostBytes: mostBytes)
                    )
                } catch {
                    place = .unopened(error)
                }
            }
            return .begin(shard)
        case .unopened(let error): return end(passedOver: 0, error)
        case .files(var files):
            guard let file = files.popFirst() else { return end(passedOver: 0, nil) }
            place = .files(files)
            if let fault = file.fault { return .item(.faulty(key: file.path, fault)) }
            if let trouble = file.trouble { return .item(.failed(key: file.path, reason: trouble)) }
            return .item(.file(path: file.path, bytes: file.bytes))
        case .archive(var samples):
            // The archive is copied nowhere: its bytes are in one object.
            do throws(ArchiveError) {
                let item = try samples.next()
                place = .archive(samples)
                return item.map(Step.item) ?? end(passedOver: samples.passedOver, nil)
            } catch {
                return end(passedOver: samples.passedOver, error)
            }
        }
    }

    /// Leaves the rest of a list of files, whose shard cannot be finished, if that is still the present one.
    mutating func leave(_ number: Int) {
        guard number == begun, case .files = place else { return }
        place = .files([])
    }

    private mutating func end(passedOver: Int, _ error: ArchiveError?) -> Step {
        place = .between
        return .end(passedOver: passedOver, error)
    }
}
