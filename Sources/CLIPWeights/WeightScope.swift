/// A place in a checkpoint's tree of names, from which a part of the model asks for its own tensors.
///
/// `scope("visual").scope("ln_post").tensor("weight", shape: [768])` looks up `visual.ln_post.weight`. All scopes of
/// one checkpoint share a record of what was asked for, so that `requireAllUsed` can find tensors that nobody used.
/// They are for one thread: a scope and those made from it have to stay together.
public struct WeightScope {
    /// What was asked for, shared by all scopes made from the same root.
    private final class Record {
        var used: Set<String> = []
    }

    /// The most names that an error lists; the others are only counted.
    static let listedNameLimit = 10

    private let checkpoint: Checkpoint
    private let record: Record
    /// The prefix of the names asked for here: empty, or with a dot at its end.
    private let prefix: String

    /// Makes the root of a checkpoint's names, with nothing used yet.
    public init(_ checkpoint: Checkpoint) {
        self.init(checkpoint: checkpoint, record: Record(), prefix: "")
    }

    private init(checkpoint: Checkpoint, record: Record, prefix: String) {
        self.checkpoint = checkpoint
        self.record = record
        self.prefix = prefix
    }

    /// The scope below this one; `name` may have several parts, as in `"transformer.resblocks.0"`.
    public func scope(_ name: String) -> WeightScope {
        WeightScope(checkpoint: checkpoint, record: record, prefix: "\(prefix)\(name).")
    }

    /// The full name of what this scope calls `name`.
    public func fullName(_ name: String) -> String {
        prefix + name
    }

    /// Whether the checkpoint has a tensor with this name here; asking does not count as use.
    public func contains(_ name: String) -> Bool {
        checkpoint.tensor(named: fullName(name)) != nil
    }

    /// The shape of a tensor here; nil if there is none.
    ///
    /// Asking does not count as use.
    public func shape(of name: String) -> [Int]? {
        checkpoint.tensor(named: fullName(name))?.shape
    }

    /// The tensor with this name, which has to exist and have this shape.
    ///
    /// It is recorded as used.
    public func tensor(_ name: String, shape: [Int]) throws(WeightError) -> TensorView {
        guard let tensor = try tensorIfPresent(name, shape: shape) else {
            throw .missingTensors(names: [fullName(name)], count: 1)
        }
        return tensor
    }

    /// The tensor with this name; nil if there is none.
    ///
    /// If it exists, it has to have this shape, and it is recorded as used.
    public func tensorIfPresent(_ name: String, shape: [Int]) throws(WeightError) -> TensorView? {
        guard let tensor = checkpoint.tensor(named: fullName(name)) else { return nil }
        guard tensor.shape == shape else {
            throw .shapeMismatch(tensor: tensor.name, expected: shape, found: tensor.shape)
        }
        record.used.insert(fullName(name))
        return tensor
    }

    /// Checks that all these tensors exist, and names all missing ones in one error.
    ///
    /// This does not count as use. It is worth calling before loading: a checkpoint of another kind of model lacks many
    /// tensors, and the list tells more than the first.
    public func requirePresent(_ names: [String]) throws(WeightError) {
        let missing = names.filter { !contains($0) }.map(fullName)
        guard missing.isEmpty else {
            throw .missingTensors(names: Array(missing.prefix(Self.listedNameLimit)), count: missing.count)
        }
    }

    /// Checks that every tensor of this scope was used, except `ignored`, which need not exist.
    ///
    /// Call it on the root when the model is complete: an unused tensor means that the configuration does not describe
    /// these weights. `ignored` has names as this scope looks them up, such as `"logit_scale"`.
    public func requireAllUsed(ignoring ignored: Set<String> = []) throws(WeightError) {
        let ignoredNames = Set(ignored.map(fullName))
        let unused = checkpoint.tensorNames.filter {
            $0.hasPrefix(prefix) && !record.used.contains($0) && !ignoredNames.contains($0)
        }
        guard unused.isEmpty else {
            throw .unusedTensors(names: Array(unused.prefix(Self.listedNameLimit)), count: unused.count)
        }
    }
}
