// The memo app as one would make it on PocketBase: a collection with rules by owner, and a view for the tags.
// PocketBase runs this once, on an empty data folder.
migrate((app) => {
  const own = "owner = @request.auth.id";

  app.save(
    new Collection({
      type: "base",
      name: "memos",
      listRule: own,
      viewRule: own,
      createRule: own,
      updateRule: own,
      deleteRule: own,
      fields: [
        { name: "text", type: "text", required: true, max: 65536 },
        {
          name: "owner",
          type: "relation",
          required: true,
          collectionId: app.findCollectionByNameOrId("users").id,
          cascadeDelete: true,
          maxSelect: 1,
        },
        { name: "tags", type: "json" },
        { name: "trashed_at", type: "date" },
        { name: "created", type: "autodate", onCreate: true },
        { name: "updated", type: "autodate", onCreate: true, onUpdate: true },
      ],
      // One for lists, newest first, and one for what has changed since.
      indexes: [
        "CREATE INDEX idx_memos_created ON memos (owner, created)",
        "CREATE INDEX idx_memos_updated ON memos (owner, updated)",
      ],
    }),
  );

  // The id is of columns that it is grouped by, so that SQLite groups one owner's memos and not everybody's.
  app.save(
    new Collection({
      type: "view",
      name: "tags",
      listRule: own,
      viewQuery: `
        SELECT (memos.owner || tag.value) AS id, memos.owner, CAST(tag.value AS TEXT) AS tag, COUNT(*) AS count
        FROM memos, json_each(memos.tags) AS tag
        WHERE memos.trashed_at = ''
        GROUP BY memos.owner, tag.value`,
    }),
  );

  // Off by default.
  const settings = app.settings();
  settings.batch.enabled = true;
  app.save(settings);
});
