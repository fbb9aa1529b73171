/// A place in a checkpoint's tree of names, from which a part of the model asks for its own tensors.
///
/// `scope("visual").scope("ln_post").tensor("weight", shape: [768])` looks up `visual.ln_post.weight`. All scopes of one
/// checkpoint share a record of what was asked for, so that `requireAllUsed` finds what nobody wanted. For one thread:
/// a scope and what came from it must stay together.
public struct WeightScope {
    /// What was asked for, shared by all scopes that came from the same one.
    private final class Record {
        var used: Set<String> = []
    }

    /// How many names an error lists before it only counts.
    static let listedNameLimit = 10

    private let checkpoint: Checkpoint
    private let record: Record
    /// What stands before the names asked for here: empty, or with a dot at its end.
    private let prefix: String

    /// The root of a checkpoint's names, with nothing used yet.
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

    /// Whether the checkpoint has a tensor of that name here; asking does not count as use.
    public func contains(_ name: String) -> Bool {
        checkpoint.tensor(named: fullName(name)) != nil
    }

    /// The shape of a tensor here, or `nil` where there is none; asking does not count as use.
    public func shape(of name: String) -> [Int]? {
        checkpoint.tensor(named: fullName(name))?.shape
    }

    /// The tensor of that name here, which must be there and have that shape.
    ///
    /// Records it as used.
    public func tensor(_ name: String, shape: [Int]) throws(WeightError) -> TensorView {
        guard let tensor = try tensorIfPresent(name, shape: shape) else {
            throw .missingTensors(names: [fullName(name)], count: 1)
        }
        return tensor
    }

    /// The tensor of that name here, or `nil` where there is none.
    ///
    /// One that is there must have that shape. Records it as used.
    public func tensorIfPresent(_ name: String, shape: [Int]) throws(WeightError) -> TensorView? {
        guard let tensor = checkpoint.tensor(named: fullName(name)) else { return nil }
        guard tensor.shape == shape else {
            throw .shapeMismatch(tensor: tensor.name, expected: shape, found: tensor.shape)
        }
        record.used.insert(fullName(name))
        return tensor
    }

    /// Demands that all these tensors are here, and names those that are not together.
    ///
    /// Does not count as use. Worth a call before loading: a checkpoint of another kind of model lacks many tensors, and the list tells more
    /// than the first.
    public func requirePresent(_ names: [String]) throws(WeightError) {
        let missing = names.filter { !contains($0) }.map(fullName)
        guard missing.isEmpty else {
            throw .missingTensors(names: Array(missing.prefix(Self.listedNameLimit)), count: missing.count)
        }
    }

    /// Demands that every tensor of this scope was used, but for `ignored`, which need not exist.
    ///
    /// Call it on the root when the model is complete: what is left over means that the configuration does not describe
    /// these weights. `ignored` are names as this scope looks them up, such as `"logit_scale"`.
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
