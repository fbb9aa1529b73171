internal import CLIPFetching
internal import CLIPImaging
internal import CLIPKernels

/// A system library that the engine uses.
package struct LinkedLibrary: Equatable, Sendable {
    /// Its own name.
    package let name: String
    /// The version that the loaded library reports.
    package let version: String

    package init(name: String, version: String) {
        self.name = name
        self.version = version
    }

    /// The engine's libraries.
    package static var all: [LinkedLibrary] {
        let versions =
            [(name: "oneDNN", version: ComputeEngine.libraryVersion)] + ImagingLibraries.versions
            + FetchingLibraries.versions
        return versions.map { LinkedLibrary(name: $0.name, version: $0.version) }
    }

    /// Whether this machine's libraries can decode HEIC, if the format were allowed.
    package static var decodesHEIC: Bool { ImagingLibraries.decodesHEIC }
}

extension Precision {
    /// The precisions for which this processor has instructions, as products use them; never `auto`.
    package static func native() throws(EmbeddingError) -> [Precision] {
        do throws(KernelError) {
            let engine = try ComputeEngine()
            return NumberFormat.allCases.filter(engine.isNative).map(Precision.init)
        } catch {
            throw .failed("\(error)")
        }
    }
}
