//! vm
mod cpio; mod image; mod kernel; mod machine; mod record; mod rows; mod tool;
#[test]
fn boots() {
    let cache = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("vm");
    std::fs::create_dir_all(&cache).unwrap();
    let kernel = kernel::Kernel::find(&cache).unwrap();
    let image = image::build(&kernel).unwrap();
    println!("image {}", image.len());
    let path = cache.join("initramfs.cpio");
    std::fs::write(&path, image).unwrap();
    let boot = machine::boot(&kernel.image, &path, &cache).unwrap();
    println!("{:?} {}", boot.took, machine::tail(&boot.console));
    for (n, r) in record::parse(&boot.records).unwrap() { println!("{n} {} {}ms {} bytes\n{}\n{}", r.exit, r.ms, r.stdout.len(), &r.stdout.chars().take(3000).collect::<String>(), r.stderr); }
}
