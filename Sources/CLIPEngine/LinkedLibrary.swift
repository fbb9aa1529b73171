internal import CLIPFetching
internal import CLIPImaging
internal import CLIPKernels

/// A library of the system that the engine stands on.
package struct LinkedLibrary: Equatable, Sendable {
    /// Its own name.
    package let name: String
    /// Its version, as the library that is loaded tells it.
    package let version: String

    package init(name: String, version: String) {
        self.name = name
        self.version = version
    }

    /// Those of the engine.
    package static var all: [LinkedLibrary] {
        let versions =
            [(name: "oneDNN", version: ComputeEngine.libraryVersion)] + ImagingLibraries.versions
            + FetchingLibraries.versions
        return versions.map { LinkedLibrary(name: $0.name, version: $0.version) }
    }

    /// Whether pictures as HEIC could be decoded on this machine, if they were asked for.
    package static var decodesHEIC: Bool { ImagingLibraries.decodesHEIC }
}

extension Precision {
    /// What this processor has instructions for, as oneDNN uses them; never `auto`.
    package static func native() throws(EmbeddingError) -> [Precision] {
        do throws(KernelError) {
            let engine = try ComputeEngine()
            return NumberFormat.allCases.filter(engine.isNative).map(Precision.init)
        } catch {
            throw .failed("\(error)")
        }
    }
}
